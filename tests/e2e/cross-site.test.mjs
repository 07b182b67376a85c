// Shop and login on different sites: the callback has a code, which is exchanged with the PKCE code verifier.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe } from 'node:test';

import { EXPIRED, FIRST_VISIT } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

/** @import { Shop } from './support/shop.mjs' */

const EXCHANGE = 'POST /api/authentication/{id}/tokens';
const USUAL_CODE_LIFETIME_S = 300;

/**
 * The URL of the next callback, as soon as the browser requests it.
 * @param {Shop} shop
 */
async function nextCallback(shop) {
  const request = await shop.page.waitForRequest(
    (it) => it.isNavigationRequest() && isCallback(shop, new URL(it.url())),
  );
  return request.url();
}

/** @type {(shop: Shop, url: URL) => boolean} */
const isCallback = (shop, url) => url.origin === shop.stack.shopUrl && url.searchParams.has('code');

/**
 * Picks an account on the provider's page without opening the callback.
 * @param {Shop} shop
 * @param {string} account
 * @returns {Promise<string>} the callback URL
 */
async function callbackOf(shop, account) {
  const { sandboxUrl, sandboxControlUrl } = shop.stack;
  // The login may be bound to the browser, so this is a request of the browser.
  const cookies = await shop.page.context().cookies(sandboxUrl);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  /** @type {{ url: string, form?: string }} */
  let next = { url: await shop.page.url(), form: new URLSearchParams({ user: account }).toString() };
  while (next.url.startsWith(sandboxUrl)) {
    const { url, form } = next;
    // Not `fetch`, which declares that it is no navigation (`Sec-Fetch-Mode`).
    const sent = request(url.replace(sandboxUrl, sandboxControlUrl), {
      method: form ? 'POST' : 'GET',
      headers: { cookie, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
    });
    sent.end(form);
    const [response] = await once(sent, 'response');
    response.resume();
    next = { url: response.headers.location ?? '' };
  }
  assert.ok(isCallback(shop, new URL(next.url)));
  return next.url;
}

describe('a shop on another site than its login', () => {
  const story = stories('cross-site');

  story('an anonymous shopper’s code is exchanged', async ({ shop, authress, context, stack }) => {
    await shop.open();
    await authress.clearLog();
    const callback = nextCallback(shop);
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    const claims = await shop.claims();
    assert.match(claims.sub, /^user_/);
    assert.equal(claims.azp, stack.shopperConnectionId);
    assert.deepEqual(await authress.requests(), ['POST /api/authentication', ...FIRST_VISIT, 'GET /login', EXCHANGE]);
    const parameters = new URL(await callback).searchParams;
    assert.ok(!parameters.has('access_token') && !parameters.has('id_token'), 'no token is in an address');
    await shop.hasCleanAddresses();
    const [cookie, ...more] = await context.cookies(stack.shopUrl);
    assert.deepEqual(more, []);
    assert.deepEqual([cookie.name, cookie.secure, cookie.sameSite], ['authorization', true, 'Strict']);
  });

  story('a customer keeps user id and cart, also after signing out and in', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('vase');
    const { sub } = await shop.claims();
    await shop.signIn('con_acorn', 'cross-site customer');
    await shop.showsMessage('Linked');
    await shop.showsCart({ vase: 1 });
    const linked = await shop.claims();
    assert.deepEqual([linked.sub, linked.azp], [sub, 'con_acorn']);
    await authress.clearLog();
    shop.toSandbox.length = 0;
    await shop.reload();
    await shop.showsState('signed-in');
    assert.equal(shop.toSandbox.length, 0);
    await shop.signOut();
    assert.equal(await shop.token(), null);
    await shop.signIn('con_acorn', 'cross-site customer');
    await shop.showsMessage('SignedIn');
    await shop.showsCart({ vase: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('a callback that is opened again has no effect', async ({ shop, authress, visitor }) => {
    await shop.open();
    const callback = nextCallback(shop);
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    const url = await callback;
    await authress.clearLog();

    await shop.page.goto(url);
    await shop.isReady();
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.hasCleanAddresses();

    const { shop: stranger } = await visitor();
    await stranger.page.goto(url);
    await stranger.isReady();
    assert.equal(await stranger.shownState(), 'signed-out');
    assert.equal(await stranger.token(), null);
    await stranger.hasCleanAddresses();
    assert.ok(!(await authress.requests()).includes(EXCHANGE), 'the code is not exchanged again');
  });

  story('the callback of another browser’s login is ignored', async ({ shop, authress, visitor }) => {
    const { shop: attacker } = await visitor();
    await attacker.open();
    await attacker.goToProvider('con_acorn');
    const url = await callbackOf(attacker, 'attacker');

    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await authress.clearLog();
    await shop.page.goto(url);
    await shop.isReady();
    await shop.showsState('anonymous');
    assert.deepEqual(await shop.claims(), before);
    await shop.showsCart({ mug: 1 });
    assert.ok(!(await authress.requests()).includes(EXCHANGE));
    await shop.hasCleanAddresses();
  });

  story('a callback with another issuer is rejected, and the real one still works', async ({ shop, authress }) => {
    await shop.open();
    await shop.goToProvider('con_acorn');
    const real = await callbackOf(shop, 'mixed up');
    const forged = new URL(real);
    forged.searchParams.set('iss', 'https://login.evil.test');
    await authress.clearLog();
    await shop.page.goto(forged.href);
    await shop.isReady();
    assert.equal(await shop.shownState(), 'signed-out');
    assert.ok(!(await authress.requests()).includes(EXCHANGE), 'the code was not sent');
    await shop.hasCleanAddresses();

    await shop.page.goto(real);
    await shop.isReady();
    await shop.showsState('signed-in');
    assert.equal((await shop.claims()).azp, 'con_acorn');
  });

  story('an expired code is explained, and the next try works', async ({ shop, authress }) => {
    await authress.setCodeLifetime(0);
    try {
      await shop.open();
      await shop.add('mug');
      assert.match(await shop.showsMessage('CartNotStarted'), /try again/i);
      assert.equal(await shop.shownState(), 'signed-out');
      assert.equal(await shop.token(), null);
      await shop.hasCleanAddresses();
    } finally {
      await authress.setCodeLifetime(USUAL_CODE_LIFETIME_S);
    }
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  story('an expired code does not end the earlier session', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await authress.setCodeLifetime(0);
    try {
      await shop.signIn('con_acorn', 'slow');
      assert.match(await shop.showsMessage('LinkFailed'), /your cart is unchanged/i);
      await shop.showsState('anonymous');
      await shop.showsCart({ mug: 1 });
      assert.deepEqual(await shop.claims(), before);
      await shop.hasCleanAddresses();
      await shop.add('mug');
      await shop.showsCart({ mug: 2 });
    } finally {
      await authress.setCodeLifetime(USUAL_CODE_LIFETIME_S);
    }
    await shop.signIn('con_acorn', 'slow');
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 2 });
    assert.equal((await shop.claims()).sub, before.sub);
  });

  story('an exchange that fails twice is retried', async ({ shop, authress }) => {
    await shop.open();
    await authress.fail('POST', '/api/authentication/', { times: 2 });
    await shop.addAnonymously('mug');
    assert.equal(await authress.failuresLeft(), 0, 'it did fail');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  story('an exchange that keeps failing is explained, and the session stays', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await authress.fail('POST', '/api/authentication/', { times: 50, status: 503 });
    await shop.signIn('con_acorn', 'unlucky');
    assert.match(await shop.showsMessage('AuthressSdkNetworkError'), /cannot be reached/i);
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.hasCleanAddresses();
    await authress.stopFailing();

    // The next request finishes the sign-in, before another one would begin.
    await shop.press('sign-in');
    await shop.press('provider-con_acorn');
    await shop.showsMessage('SignInFinished');
    await shop.showsState('signed-in');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, before.sub);
  });
});

describe('a login that took too long at the provider', () => {
  const story = stories('cross-site');

  // The sandbox's clock stays ahead, so nothing else can follow on this stack.
  story('is explained, and the session stays', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.goToProvider('con_acorn');
    await authress.advanceClock(301);
    await shop.pick('late');
    assert.match(await shop.showsMessage(EXPIRED), /took too long/i);
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.hasCleanAddresses();
    await shop.add('mug');
    await shop.showsCart({ mug: 2 });
  });
});
