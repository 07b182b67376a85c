// Shop and login on different sites: a code comes back, and is exchanged with its PKCE verifier.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';

const EXCHANGE = 'POST /api/authentication/{id}/tokens';
const USUAL_CODE_LIFETIME_S = 300;

/** The address of the next return to the shop, once the browser has asked for it. */
async function nextReturn(shop) {
  const request = await shop.page.waitForRequest(
    (request) => request.isNavigationRequest() && isReturn(shop, new URL(request.url())),
  );
  return request.url();
}

const isReturn = (shop, url) => url.origin === shop.stack.shopUrl && url.searchParams.has('code');

/** Says who it is on the provider's page, and gives the address of the return without opening it. */
async function returnOf(shop, person) {
  const { sandboxUrl, sandboxControlUrl } = shop.stack;
  const post = { method: 'POST', body: new URLSearchParams({ user: person }) };
  let next = { url: await shop.page.url(), request: post };
  while (next.url.startsWith(sandboxUrl)) {
    const response = await fetch(next.url.replace(sandboxUrl, sandboxControlUrl), {
      redirect: 'manual',
      ...next.request,
    });
    next = { url: response.headers.get('location') };
  }
  assert.ok(isReturn(shop, new URL(next.url)));
  return next.url;
}

describe('a shop on another site than its login', () => {
  const story = stories('cross-site');

  story('an anonymous shopper’s code is exchanged', async ({ shop, authress, context, stack }) => {
    await shop.open();
    await authress.clearLog();
    const returned = nextReturn(shop);
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    const claims = await shop.claims();
    assert.match(claims.sub, /^user_/);
    assert.equal(claims.azp, stack.shopperConnectionId);
    assert.deepEqual(await authress.requests(), ['POST /api/authentication', 'GET /login', EXCHANGE]);
    const parameters = new URL(await returned).searchParams;
    assert.ok(!parameters.has('access_token') && !parameters.has('id_token'), 'no token travels in an address');
    await shop.hasCleanAddresses();
    const [cookie, ...more] = await context.cookies(stack.shopUrl);
    assert.deepEqual(more, []);
    assert.deepEqual([cookie.name, cookie.secure, cookie.sameSite], ['authorization', true, 'Strict']);
  });

  story('a customer keeps user id and cart, and can come back', async ({ shop, authress }) => {
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

  story('a return that is opened again does nothing', async ({ shop, authress, visitor }) => {
    await shop.open();
    const returned = nextReturn(shop);
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    const url = await returned;
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
    assert.ok(!(await authress.requests()).includes(EXCHANGE), 'nobody tried to exchange the code again');
  });

  story('a return that somebody else began is not taken over', async ({ shop, authress, visitor }) => {
    const { shop: attacker } = await visitor();
    await attacker.open();
    await attacker.goToProvider('con_acorn');
    const url = await returnOf(attacker, 'attacker');

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

  story('an answer in another issuer’s name is refused, and the real one still works', async ({ shop, authress }) => {
    await shop.open();
    await shop.goToProvider('con_acorn');
    const real = await returnOf(shop, 'mixed up');
    const forged = new URL(real);
    forged.searchParams.set('iss', 'https://login.evil.test');
    await authress.clearLog();
    await shop.page.goto(forged.href);
    await shop.isReady();
    assert.equal(await shop.shownState(), 'signed-out');
    assert.ok(!(await authress.requests()).includes(EXCHANGE), 'the code was kept from everybody');
    await shop.hasCleanAddresses();

    await shop.page.goto(real);
    await shop.isReady();
    await shop.showsState('signed-in');
    assert.equal((await shop.claims()).azp, 'con_acorn');
  });

  story('an expired code is told in words, and the next try works', async ({ shop, authress }) => {
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

  story('an expired code leaves the earlier session', async ({ shop, authress }) => {
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

  story('an exchange that fails twice succeeds unnoticed', async ({ shop, authress }) => {
    await shop.open();
    await authress.fail('POST', '/api/authentication/', { times: 2 });
    await shop.addAnonymously('mug');
    assert.equal(await authress.failuresLeft(), 0, 'it did fail');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  story('an exchange that fails for long is told in words, and loses nothing', async ({ shop, authress }) => {
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

    await shop.signIn('con_acorn', 'unlucky');
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, before.sub);
  });
});

describe('a shopper who takes long at the provider', () => {
  const story = stories('cross-site');

  // The sandbox's clock stays ahead, so nothing else can follow on this stack.
  story('is told so and is as before', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.goToProvider('con_acorn');
    await authress.advanceClock(301);
    await shop.pick('late');
    assert.match(await shop.showsMessage('AuthenticationRequestExpired'), /took too long/i);
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.hasCleanAddresses();
    await shop.add('mug');
    await shop.showsCart({ mug: 2 });
  });
});
