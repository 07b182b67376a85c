// Something on the way does not work: the shopper is told in words, loses nothing, and the next try
// works.

import assert from 'node:assert/strict';
import { after, describe } from 'node:test';

import { isErrorPage } from './support/browser.mjs';
import { stories } from './support/story.mjs';
import { GARBAGE, VerifierProxy } from './support/verifier-proxy.mjs';

const verifier = await VerifierProxy.start();

describe('the shop’s verifier', () => {
  const story = stories('localhost', { verifier });

  /** After a try that failed: back in the shop, told so, and the next press works. */
  async function worksAgain(shop) {
    assert.match(await shop.showsMessage('CartNotStarted'), /try again/i);
    assert.equal(await shop.shownState(), 'signed-out');
    assert.equal(await shop.token(), null);
    await shop.hasCleanAddresses();
    await verifier.pass();
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    assert.match((await shop.claims()).sub, /^user_/);
  }

  for (const [how, fail] of [
    ['refuses connections', 'down'],
    ['hangs up', 'hangUp'],
  ]) {
    story(`${how}: Back leads to the shop, and later it works`, async ({ shop }) => {
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

  for (const garbage of Object.keys(GARBAGE).filter((name) => name !== 'a page of noise')) {
    story(`answers with ${garbage}: the login page explains and leads back`, async ({ shop }) => {
      await shop.open();
      verifier.answer(garbage);
      await shop.add('mug');
      await shop.find('back-to-application').waitFor();
      assert.match(await shop.page.getByRole('alert').innerText(), /user verifier's code is not valid/i);
      await shop.press('back-to-application');
      await shop.isReady();
      await worksAgain(shop);
    });
  }

  story('answers with a page of noise: Back leads to the shop, and later it works', async ({ shop }) => {
    await shop.open();
    verifier.answer('a page of noise');
    await shop.add('mug');
    await shop.page.waitForURL(`${new URL(verifier.authorizationUrl).origin}/**`);
    await shop.goBack();
    await shop.isReady();
    await worksAgain(shop);
  });
});

describe('Authress', () => {
  const story = stories('localhost');

  story('fails twice: nobody notices', async ({ shop, authress }) => {
    await shop.open();
    await authress.fail('POST', '/api/authentication', { times: 2 });
    await shop.addAnonymously('mug');
    assert.equal(await authress.failuresLeft(), 0, 'it did fail');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  story('fails for long before the first piece: it is told, and a later press works', async ({ shop, authress }) => {
    await shop.open();
    await authress.fail('POST', '/api/authentication', { times: 50 });
    await shop.add('mug');
    assert.match(await shop.showsMessage('AuthressSdkNetworkError'), /nothing was lost/i);
    assert.equal(await authress.failuresLeft(), 45, 'it was asked five times');
    assert.equal(await shop.shownState(), 'signed-out');
    await authress.stopFailing();
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    await shop.claims();
  });

  /** Somebody with a mug in the cart. */
  async function shopper(shop) {
    await shop.open();
    await shop.addAnonymously('mug');
    return await shop.claims();
  }

  /** The shopper has lost nothing, and signing in works now. */
  async function lostNothing(shop, before, person) {
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.signIn('con_acorn', person);
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, before.sub);
  }

  /** Tries to sign in and stays in the shop. */
  async function triesToSignIn(shop) {
    await shop.press('sign-in');
    await shop.press('provider-con_acorn');
  }

  story('fails for long while signing in: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { times: 50, status: 503 });
    await triesToSignIn(shop);
    await shop.showsMessage('AuthressSdkNetworkError');
    await authress.stopFailing();
    await lostNothing(shop, before, 'after a failure');
  });

  story('answers with garbage: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { status: 200, body: '<!doctype html><h1>Hello</h1>' });
    await triesToSignIn(shop);
    assert.match(await shop.showsMessage('InvalidServerResponse'), /do not understand/i);
    assert.equal(await authress.failuresLeft(), 0);
    await lostNothing(shop, before, 'after garbage');
  });

  story('refuses: nothing is lost', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await authress.fail('POST', '/api/authentication', { status: 429, body: '{"errorCode":"TooManyRequests"}' });
    await triesToSignIn(shop);
    await shop.showsMessage('RequestRefused');
    assert.equal(await authress.failuresLeft(), 0);
    await lostNothing(shop, before, 'after a refusal');
  });

  story('cannot be reached from an offline browser: nothing is lost', async ({ shop, context }) => {
    const before = await shopper(shop);
    await context.setOffline(true);
    await triesToSignIn(shop);
    assert.match(await shop.showsMessage('AuthressSdkNetworkError'), /cannot be reached/i);
    await shop.press('add-vase');
    assert.match(await shop.showsMessage('ShopUnreachable'), /your cart is kept/i);
    await context.setOffline(false);
    await lostNothing(shop, before, 'after a tunnel');
  });

  story('fails at the return from the provider: Back and once more', async ({ shop, authress }) => {
    const before = await shopper(shop);
    await shop.goToProvider('con_acorn');
    await authress.fail('GET', '/login', { status: 500, body: 'broken' });
    await shop.find('user-other').fill('broken return');
    await shop.press('continue');
    await shop.page.waitForURL(`${shop.stack.sandboxUrl}/login?**`);
    assert.equal(await authress.failuresLeft(), 0);
    await shop.open();
    await lostNothing(shop, before, 'broken return');
  });
});

after(() => verifier.stop());
