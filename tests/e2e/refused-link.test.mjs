// Signing in did not work out: the anonymous shopper is as before, and is told why in words.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** The provider's name for somebody who shopped before. */
const CUSTOMER = 'an old customer';
let customerId;

/** The customer's user id; the first call makes the account, with a teapot in its cart. */
async function customer(visitor) {
  if (customerId) return customerId;
  const { shop, context } = await visitor();
  await shop.open();
  await shop.addAnonymously('teapot');
  await shop.signIn('con_acorn', CUSTOMER);
  await shop.showsMessage('Linked');
  customerId = (await shop.claims()).sub;
  await context.close();
  return customerId;
}

/** The shopper is who they were, with the cart they had, and can go on. */
async function isUnharmed(shop, before) {
  await shop.showsState('anonymous');
  await shop.showsCart({ mug: 1 });
  assert.deepEqual(await shop.claims(), before);
  await shop.hasCleanAddresses();
  await shop.add('vase');
  await shop.showsCart({ mug: 1, vase: 1 });
  await shop.reload();
  await shop.showsState('anonymous');
  await shop.showsCart({ mug: 1, vase: 1 });
}

describe('an identity that has an account of its own', () => {
  const story = stories('localhost');

  story('does not take over the anonymous shopper', async ({ shop, visitor }) => {
    const owner = await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    const words = await shop.showsMessage('IdentityAlreadyOwned');
    assert.match(words, /you already have an account with acorn id/i);
    assert.notEqual(before.sub, owner);
    await isUnharmed(shop, before);
  });

  story('lets the shopper keep this cart', async ({ shop, visitor }) => {
    await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsMessage('IdentityAlreadyOwned');
    await shop.press('keep-this-cart');
    await shop.find('keep-this-cart').waitFor({ state: 'detached' });
    await isUnharmed(shop, before);
  });

  story('lets the shopper change to the account', async ({ shop, visitor }) => {
    const owner = await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsMessage('IdentityAlreadyOwned');
    await shop.press('switch-account');
    await shop.isAtProvider('con_acorn');
    await shop.pick(CUSTOMER);
    await shop.showsMessage('SignedIn');
    await shop.showsState('signed-in');
    await shop.showsCart({ teapot: 1 });
    const claims = await shop.claims();
    assert.deepEqual([claims.sub, claims.azp], [owner, 'con_acorn']);
  });

  story('leaves another identity free to be linked', async ({ shop, visitor }) => {
    await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsMessage('IdentityAlreadyOwned');
    await shop.signIn('con_birch', 'free');
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('is named by getLinkResult', async ({ shop, authress, visitor }) => {
    await customer(visitor);
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value: token } = await page.call('getToken');
    const { sub: userId } = await authress.verify(token);
    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(CUSTOMER));
    assert.deepEqual((await page.call('getLinkResult')).value, {
      status: 'already-owned',
      connectionId: 'con_acorn',
      userId,
      serverCode: 'IdentityAlreadyOwned',
    });
    assert.equal((await page.call('getToken')).value, token);
  });
});

describe('a shopper who changes their mind at the provider', () => {
  const story = stories('localhost');

  story('cancels and is as before', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    assert.match(await shop.showsMessage('UserCancelled'), /you cancelled the sign-in/i);
    await isUnharmed(shop, before);
    await shop.signIn('con_acorn', 'after all');
    await shop.showsMessage('Linked');
    assert.equal((await shop.claims()).sub, before.sub);
  });

  story('cancels without having been anybody', async ({ shop }) => {
    await shop.open();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    assert.equal(await shop.shownState(), 'signed-out');
    await shop.hasCleanAddresses();
    await shop.addAnonymously('mug');
    await shop.claims();
  });

  story('is known to have cancelled by getLinkResult', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value: token } = await page.call('getToken');
    const { sub: userId } = await authress.verify(token);
    await page.visitProvider('linkIdentity', 'con_birch', () => shop.press('cancel'));
    assert.deepEqual((await page.call('getLinkResult')).value, {
      status: 'cancelled',
      connectionId: 'con_birch',
      userId,
      serverCode: 'UserCancelled',
    });
    assert.equal((await page.call('getToken')).value, token);
  });
});

for (const bfcache of [false, true]) {
  describe(`a shopper who presses Back at the provider, ${bfcache ? 'with' : 'without'} bfcache`, () => {
    const story = stories('localhost', { bfcache, needs: [bfcache ? 'bfcache' : 'no bfcache'] });

    /** Goes to the provider and presses Back; the page must come from where this block says. */
    const turnBack = async (shop) => {
      await shop.page.evaluate(() => {
        window.wasHereBefore = true;
      });
      await shop.goToProvider('con_acorn');
      await shop.goBack();
      await shop.isReady();
      const isKept = await shop.page.evaluate(() => window.wasHereBefore === true);
      assert.equal(isKept, bfcache, 'the page comes from the back/forward cache or does not');
    };

    story(`is as before (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const before = await shop.claims();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      assert.equal(await shop.find('picker').isVisible(), false);
      await isUnharmed(shop, before);
    });

    story(`can sign in after all (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      await shop.signIn('con_acorn', `after-back-${bfcache}`);
      await shop.showsMessage('Linked');
      await shop.showsCart({ mug: 1 });
      assert.equal((await shop.claims()).sub, sub);
    });

    story(`goes forward again and finishes (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      await shop.page.goForward({ waitUntil: 'commit' });
      await shop.isAtProvider('con_acorn');
      await shop.pick(`forward-${bfcache}`);
      await shop.showsState('signed-in');
      await shop.showsCart({ mug: 1 });
      assert.equal((await shop.claims()).sub, sub);
    });

    story(`who was nobody stays nobody (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      assert.equal(await shop.shownState(), 'signed-out');
      await shop.addAnonymously('mug');
      await shop.claims();
    });
  });
}
