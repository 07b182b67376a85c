// Sessions that the browser has found and not begun: they can be used, and they are never linked while they are anonymous.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/**
 * @import { BrowserContext } from 'playwright-core'
 * @import { Stack } from './support/stack.mjs'
 */

/**
 * Gives a browser the Authress session of another one, as a planting link or a sibling host can.
 * @param {BrowserContext} from
 * @param {BrowserContext} to
 */
async function plantSession(from, to) {
  const sessions = (await from.cookies()).filter(({ name }) => name === 'authress-session');
  assert.equal(sessions.length, 1);
  await to.clearCookies({ name: 'authress-session' });
  await to.addCookies(sessions);
}

describe('a shopper whose browser has deleted what the shop stored', () => {
  const story = stories('https');

  story('has the same user id and cart, and takes the cart along to a new account', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.add('vase');
    const { sub } = await shop.claims();
    await shop.loseSession();
    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1, vase: 1 });
    assert.equal((await shop.claims()).sub, sub);

    await shop.signIn('con_acorn', 'forgetful');
    await shop.showsMessage('CartMoved');
    await shop.showsCart({ mug: 1, vase: 1 });
    const customer = await shop.claims();
    assert.equal(customer.azp, 'con_acorn');
    assert.notEqual(customer.sub, sub, 'the anonymous user id becomes no account');
    await shop.hasCleanAddresses();
  });

  story('takes the cart along to an account that has one', async ({ shop, visitor }) => {
    const earlier = await visitor();
    await earlier.shop.open();
    await earlier.shop.addAnonymously('teapot');
    await earlier.shop.signIn('con_acorn', 'returns');
    await earlier.shop.showsMessage('Linked');
    const { sub } = await earlier.shop.claims();

    await shop.open();
    await shop.addAnonymously('mug');
    await shop.loseSession();
    await shop.reload();
    await shop.showsCart({ mug: 1 });
    await shop.signIn('con_acorn', 'returns');
    await shop.showsMessage('CartMoved');
    await shop.showsCart({ mug: 1, teapot: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('keeps the cart after turning back at the provider', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.loseSession();
    await shop.reload();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
  });

  story('links as before where the session is a customer’s', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.visitProvider('authenticate', 'con_acorn', () => page.pick('customer'));
    assert.equal((await page.call('userSessionExists')).value, true);
    assert.equal((await page.snapshot()).userIdentity.sessionOrigin, 'begun');
    await shop.loseSession();
    await page.page.reload();
    await page.isReady();
    assert.equal((await page.call('userSessionExists')).value, true);
    const { isAnonymous, sessionOrigin } = (await page.snapshot()).userIdentity;
    assert.deepEqual({ isAnonymous, sessionOrigin }, { isAnonymous: false, sessionOrigin: 'found' });
    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('kunde'));
    assert.equal((await page.call('getLinkResult')).value.status, 'linked');
  });
});

describe('a planted session', () => {
  const story = stories('https');

  story('is never linked, in no way and on no later page', async ({ shop, context, visitor, authress }) => {
    const attacker = await visitor();
    await attacker.shop.open();
    await attacker.shop.addAnonymously('bowl');
    const { sub } = await attacker.shop.claims();

    const page = new BarePage(shop);
    await plantSession(attacker.context, context);
    await page.open();
    assert.equal((await page.call('userSessionExists')).value, true);
    // As the module finds it, and as it is stored.
    for (const reloads of [false, true]) {
      if (reloads) {
        await page.page.reload();
        await page.isReady();
      }
      const { userId, isAnonymous, sessionOrigin } = (await page.snapshot()).userIdentity;
      assert.deepEqual(
        { userId, isAnonymous, sessionOrigin },
        { userId: sub, isAnonymous: true, sessionOrigin: 'found' },
      );
      await authress.clearLog();
      for (const method of ['linkIdentity', 'linkIdentityWithOneTimeCode']) {
        const { error } = await page.call(method, { connectionId: 'con_acorn' });
        assert.equal(error.code, 'SessionNotBegunHere', method);
        assert.match(error.message, /claimTicket/);
      }
      assert.deepEqual(await authress.requests(), []);
      assert.equal((await page.call('getUserIdentity')).value.sessionOrigin, 'found');
    }
  });

  story('does not replace the page’s own in a link', async ({ shop, context, visitor, authress }) => {
    const attacker = await visitor();
    await attacker.shop.open();
    await attacker.shop.addAnonymously('bowl');

    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    await plantSession(attacker.context, context);
    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick('own'));
    const linked = { status: 'linked', connectionId: 'con_acorn', userId: sub };
    assert.deepEqual((await page.call('getLinkResult')).value, linked);
    assert.equal((await page.call('getUserIdentity')).value.userId, sub);
  });
});

describe('another user', () => {
  const story = stories('https');

  story('is an event before a request, also where another tab wrote the session', async ({ shop, visitor }) => {
    const other = await visitor();
    const elsewhere = new BarePage(other.shop);
    await elsewhere.open();
    await elsewhere.startAnonymous();
    await elsewhere.call('getToken');
    const record = await other.page.evaluate(() => localStorage.AuthenticationCredentialsStorage);
    const token = await other.shop.token();

    const page = new BarePage(shop, { settings: { preload: 'none' }, recordsEvents: true });
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await page.page.reload();
    await page.isReady();
    const { userIdentity } = await page.snapshot();
    await page.hasEvents('ready');
    // As another tab does it, and before this page can notice.
    const { error, events } = await page.page.evaluate(
      async ({ record, token }) => {
        localStorage.AuthenticationCredentialsStorage = record;
        const site = location.hostname.split('.').slice(-2).join('.');
        for (const domain of ['', `; Domain=${site}`]) document.cookie = `authorization=; Path=/; Max-Age=0${domain}`;
        document.cookie = `authorization=${token}; Path=/; Secure; SameSite=Strict`;
        await new Promise((resolve) => setTimeout(resolve, 100));
        /** @type {string | null} */
        const error = await window.login.fetch('/api/cart').then(
          () => null,
          (/** @type {any} */ { code }) => code,
        );
        return { error, events: window.events.map(({ type }) => type) };
      },
      { record, token },
    );
    assert.equal(error, 'UserChanged');
    assert.deepEqual(events, ['ready', 'signed-in']);
    assert.notEqual((await page.snapshot()).userIdentity.userId, userIdentity.userId);
    const { status } = await page.page.evaluate(async () => {
      const response = await window.login.fetch('/api/cart');
      return { status: response.status };
    });
    assert.equal(status, 200, 'the page knows the user now');
  });
});
