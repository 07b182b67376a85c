// Failures of the verifier, of Authress and of the network: the shop explains them, nothing is lost, and the next try works.

import assert from 'node:assert/strict';
import { after, describe } from 'node:test';

import { isErrorPage } from './support/browser.mjs';
import { stories } from './support/story.mjs';
import { HTML_ERROR_PAGE, INVALID_RESPONSES, VerifierProxy } from './support/verifier-proxy.mjs';

/**
 * @import { Claims } from './support/authress.mjs'
 * @import { Shop } from './support/shop.mjs'
 */

const verifier = await VerifierProxy.start();

describe('the shop’s verifier', () => {
  const story = stories('localhost', { verifier });

  /**
   * After a failed try: the shop explains it, and the next press works.
   * @param {Shop} shop
   */
  async function worksAgain(shop) {
    assert.match(await shop.showsMessage('CartNotStarted'), /try again/i);
    assert.equal(await shop.shownState(), 'signed-out');
    assert.equal(await shop.token(), null);
    await shop.hasCleanAddresses();
    await verifier.forward();
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    assert.match((await shop.claims()).sub, /^user_/);
  }

  for (const [name, fail] of /** @type {const} */ ([
    ['refuses connections', 'refuseConnections'],
    ['closes connections', 'dropConnections'],
  ])) {
    story(`${name}: Back leads to the shop, and later it works`, async ({ shop }) => {
      await shop.open();
      await verifier[fail]();
      const failed = shop.page.waitForEvent('requestfailed', (request) => request.isNavigationRequest());
      await shop.add('mug');
      await failed;
      await shop.page.waitForURL(isErrorPage, { waitUntil: 'commit' });
      await shop.goBack();
      await shop.isReady();
      await worksAgain(shop);
    });
  }

  for (const invalid of Object.keys(INVALID_RESPONSES).filter((name) => name !== HTML_ERROR_PAGE)) {
    story(`responds with ${invalid}: the login page explains it and leads back`, async ({ shop }) => {
      await shop.open();
      verifier.respondWith(invalid);
      await shop.add('mug');
      await shop.find('back-to-application').waitFor();
      assert.match(await shop.page.getByRole('alert').innerText(), /user verifier's code is not valid/i);
      await shop.press('back-to-application');
      await shop.isReady();
      await worksAgain(shop);
    });
  }

  story(`responds with ${HTML_ERROR_PAGE}: Back leads to the shop, and later it works`, async ({ shop }) => {
    await shop.open();
    verifier.respondWith(HTML_ERROR_PAGE);
    await shop.add('mug');
    await shop.page.waitForURL(`${new URL(verifier.authorizationUrl).origin}/**`);
    await shop.goBack();
    await shop.isReady();
    await worksAgain(shop);
  });
});

describe('Authress', () => {
  const story = stories('localhost');

  story('fails twice: the requests are retried', async ({ shop, authress }) => {
    await shop.open();
    await authress.fail('POST', '/api/authentication', { times: 2 });
    await shop.addAnonymously('mug');
    assert.equal(await authress.failuresLeft(), 0, 'it did fail');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  story(
    'keeps failing before the first piece: it is explained, and a later press works',
    async ({ shop, authress }) => {
      await shop.open();
      await authress.fail('POST', '/api/authentication', { times: 50 });
      await shop.add('mug');
      assert.match(await shop.showsMessage('AuthressSdkNetworkError'), /nothing was lost/i);
      assert.equal(await authress.failuresLeft(), 45, 'it was requested five times');
      assert.equal(await shop.shownState(), 'signed-out');
      await authress.stopFailing();
      await shop.addAnonymously('mug');
      await shop.showsCart({ mug: 1 });
      await shop.claims();
    },
  );

  /**
   * Becomes an anonymous shopper with a mug in the cart.
   * @param {Shop} shop
   */
  async function shopper(shop) {
    await shop.open();
    await shop.addAnonymously('mug');
    return await shop.claims();
  }

  /**
   * The session and the cart are unchanged, and signing in works now.
   * @param {Shop} shop
   * @param {Claims} before
   * @param {string} account
   */
  async function isUnchanged(shop, before, account) {
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.signIn('con_acorn', account);
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, before.sub);
  }

  /**
   * Tries to sign in, and stays in the shop.
   * @param {Shop} shop
   */
  async function tryToSignIn(shop) {
    await shop.press('sign-in');
    await shop.press('provider-con_acorn');
  }

  story('keeps failing while signing in: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { times: 50, status: 503 });
    await tryToSignIn(shop);
    await shop.showsMessage('AuthressSdkNetworkError');
    await authress.stopFailing();
    await isUnchanged(shop, before, 'after a failure');
  });

  story('sends an invalid response: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { status: 200, body: '<!doctype html><h1>Hello</h1>' });
    await tryToSignIn(shop);
    assert.match(await shop.showsMessage('InvalidServerResponse'), /do not understand/i);
    assert.equal(await authress.failuresLeft(), 0);
    await isUnchanged(shop, before, 'after an invalid response');
  });

  story('refuses the request: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { status: 429, body: '{"errorCode":"TooManyRequests"}' });
    await tryToSignIn(shop);
    await shop.showsMessage('RequestRefused');
    assert.equal(await authress.failuresLeft(), 0);
    await isUnchanged(shop, before, 'after a refusal');
  });

  story('cannot be reached from an offline browser: nothing is lost', async ({ shop, context }) => {
    const before = await shopper(shop);
    await context.setOffline(true);
    await tryToSignIn(shop);
    // The shop asks its own server first, whose session this is.
    assert.match(await shop.showsMessage('ShopUnreachable'), /your cart is kept/i);
    await shop.press('add-vase');
    assert.match(await shop.showsMessage('ShopUnreachable'), /your cart is kept/i);
    await context.setOffline(false);
    await isUnchanged(shop, before, 'after being offline');
  });

  story('fails at the callback from the provider: the next login works', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await shop.goToProvider('con_acorn');
    await authress.fail('GET', '/login', { status: 500, body: 'broken' });
    await shop.find('user-other').fill('broken callback');
    await shop.press('continue');
    await shop.page.waitForURL(`${shop.stack.sandboxUrl}/login?**`);
    assert.equal(await authress.failuresLeft(), 0);
    await shop.open();
    await isUnchanged(shop, before, 'broken callback');
  });
});

after(() => verifier.stop());
