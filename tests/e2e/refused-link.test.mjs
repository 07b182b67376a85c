// Links that fail or are cancelled: the anonymous shopper keeps user id and cart, and the shop explains what happened.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { cancelled, refusedLink } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

/** @import { Shop } from './support/shop.mjs' */

/** The provider's account of an earlier customer. */
const CUSTOMER = 'an old customer';
/** @type {string | undefined} */
let customerId;

/**
 * The customer's user id. The first call creates the account, with a teapot in its cart.
 * @param {import('./support/story.mjs').Cast['visitor']} visitor
 */
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

/**
 * The anonymous shopper has the same session and the same cart, and can go on shopping.
 * @param {Shop} shop
 * @param {import('./support/authress.mjs').Claims} before
 */
async function isUnchanged(shop, before) {
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

/**
 * The bare page with an anonymous session, while the customer has an account.
 * @param {Pick<import('./support/story.mjs').Cast, 'shop' | 'authress' | 'visitor'>} cast
 */
async function anonymousPage({ shop, authress, visitor }) {
  await customer(visitor);
  const page = new BarePage(shop);
  await page.open();
  await page.startAnonymous();
  const { value: token } = await page.call('getToken');
  const { sub: userId } = await authress.verify(token);
  return { page, token, userId };
}

describe('an identity that has an account of its own', () => {
  const story = stories('localhost');

  story('does not replace the anonymous session', async ({ shop, visitor }) => {
    const owner = await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsRefusedLink('Acorn ID');
    assert.notEqual(before.sub, owner);
    await isUnchanged(shop, before);
  });

  story('lets the shopper keep this cart', async ({ shop, visitor }) => {
    await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsRefusedLink('Acorn ID');
    await shop.press('keep-this-cart');
    await shop.find('keep-this-cart').waitFor({ state: 'detached' });
    await isUnchanged(shop, before);
  });

  story('lets the shopper switch to the account', async ({ shop, visitor }) => {
    const owner = await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsRefusedLink('Acorn ID');
    await shop.press('switch-account');
    await shop.isAtProvider('con_acorn');
    await shop.pick(CUSTOMER);
    await shop.showsMessage('SignedIn');
    await shop.showsState('signed-in');
    await shop.showsCart({ teapot: 1 });
    const claims = await shop.claims();
    assert.deepEqual([claims.sub, claims.azp], [owner, 'con_acorn']);
  });

  story('does not prevent a link to another identity', async ({ shop, visitor }) => {
    await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    await shop.signIn('con_acorn', CUSTOMER);
    await shop.showsRefusedLink('Acorn ID');
    await shop.signIn('con_birch', 'free');
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('is in the result of getLinkResult', async ({ shop, authress, visitor }) => {
    const { page, token, userId } = await anonymousPage({ shop, authress, visitor });
    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(CUSTOMER));
    const expected = refusedLink({ connectionId: 'con_acorn', userId });
    assert.deepEqual((await page.call('getLinkResult')).value, expected);
    assert.equal((await page.call('getToken')).value, token);
  });

  // A link that is refused without saying why.

  /**
   * Asks for a link to the customer's identity, and sees what the shop offers instead.
   * @param {Shop} shop
   * @param {import('./support/story.mjs').Cast['visitor']} visitor
   */
  const isOffered = async (shop, visitor) => {
    const owner = await customer(visitor);
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    assert.notEqual(before.sub, owner);
    return { owner, before };
  };

  for (const [form, switches, code, text] of /** @type {const} */ ([
    ['by a plain callback', { refusedLink: 'plainCallback' }, 'LinkFailed', /did not work.*account with acorn id/is],
    [
      'by an error without a code',
      { refusedLink: 'callbackError', callbackErrors: 'withoutCode' },
      'access_denied',
      /account with acorn id/i,
    ],
  ])) {
    story(`${form} is no success, and offers the account`, async ({ shop, visitor, authress }) => {
      const { before } = await isOffered(shop, visitor);
      await authress.setDialect(switches);
      await shop.signIn('con_acorn', CUSTOMER);
      assert.match(await shop.showsMessage(code), text);
      await isUnchanged(shop, before);
    });

    story(`${form} lets the shopper take the cart along`, async ({ shop, visitor, authress }) => {
      const { owner } = await isOffered(shop, visitor);
      await authress.setDialect(switches);
      await shop.signIn('con_acorn', CUSTOMER);
      await shop.showsMessage(code);
      await shop.press('take-cart-along');
      await shop.isAtProvider('con_acorn');
      await shop.pick(CUSTOMER);
      await shop.showsMessage('CartMoved');
      assert.equal((await shop.claims()).sub, owner);
      assert.match(await shop.find('cart-items').innerText(), /mug/i);
    });
  }

  story('before the browser leaves the page offers the account too', async ({ shop, visitor, authress }) => {
    const { owner } = await isOffered(shop, visitor);
    const body = JSON.stringify({ title: 'The identity cannot be linked', errorCode: 'LinkNotAllowed' });
    await authress.fail('POST', '/api/authentication', { status: 403, body });
    await shop.press('sign-in');
    await shop.press('provider-con_acorn');
    assert.match(await shop.showsMessage('LinkFailed'), /account with acorn id/i);
    await shop.press('switch-account');
    await shop.isAtProvider('con_acorn');
    await shop.pick(CUSTOMER);
    await shop.showsMessage('SignedIn');
    assert.equal((await shop.claims()).sub, owner);
  });

  story('without an error is in the result of getLinkResult', async ({ shop, authress, visitor }) => {
    const { page, token, userId } = await anonymousPage({ shop, authress, visitor });
    await authress.setDialect({ refusedLink: 'plainCallback' });
    await authress.clearLog();
    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(CUSTOMER));
    const failed = { status: 'failed', connectionId: 'con_acorn', userId, mayBeOwned: true };
    assert.deepEqual((await page.call('getLinkResult')).value, failed);
    assert.equal((await page.call('getToken')).value, token);
    assert.equal((await authress.requests()).filter((request) => request === 'GET /api/session/profile').length, 1);
  });
});

describe('a shopper who cancels at the provider', () => {
  const story = stories('localhost');

  story('keeps user id and cart', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    assert.match(await shop.showsMessage('UserCancelled'), /you cancelled the sign-in/i);
    await isUnchanged(shop, before);
    await shop.signIn('con_acorn', 'after a cancel');
    await shop.showsMessage('Linked');
    assert.equal((await shop.claims()).sub, before.sub);
  });

  story('stays signed out without a user id', async ({ shop }) => {
    await shop.open();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    assert.equal(await shop.shownState(), 'signed-out');
    await shop.hasCleanAddresses();
    await shop.addAnonymously('mug');
    await shop.claims();
  });

  story('gets the result from getLinkResult', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value: token } = await page.call('getToken');
    const { sub: userId } = await authress.verify(token);
    await page.visitProvider('linkIdentity', 'con_birch', () => shop.press('cancel'));
    assert.deepEqual((await page.call('getLinkResult')).value, cancelled({ connectionId: 'con_birch', userId }));
    assert.equal((await page.call('getToken')).value, token);
  });
});

for (const bfcache of [false, true]) {
  describe(`a shopper who presses Back at the provider, ${bfcache ? 'with' : 'without'} bfcache`, () => {
    const story = stories('localhost', { bfcache, needs: [bfcache ? 'bfcache' : 'no bfcache'] });

    /**
     * Goes to the provider and presses Back; the page is from the back/forward cache or not, as this block needs.
     * @param {Shop} shop
     */
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

    story(`keeps user id and cart (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const before = await shop.claims();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      assert.equal(await shop.find('picker').isVisible(), false);
      await isUnchanged(shop, before);
    });

    story(`can sign in later (bfcache ${bfcache})`, async ({ shop }) => {
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

    story(`goes forward again and completes the login (bfcache ${bfcache})`, async ({ shop }) => {
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

    story(`stays signed out without a user id (bfcache ${bfcache})`, async ({ shop }) => {
      await shop.open();
      await turnBack(shop);
      await shop.showsMessage('SignInUnfinished');
      assert.equal(await shop.shownState(), 'signed-out');
      await shop.addAnonymously('mug');
      await shop.claims();
    });
  });
}
