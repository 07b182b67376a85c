// The cart on another device: a mailed link, with and without an invite, opened in a browser that has never seen the shop.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { askForLink, confirmAddress, openLink, signInForCart } from './support/mailed-cart.mjs';
import { eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/**
 * @import { Shop } from './support/shop.mjs'
 * @import { Cast } from './support/story.mjs'
 */

/**
 * Fills a cart, and has its link mailed.
 * @param {Shop} shop
 * @param {string} email
 */
async function fillAndAsk(shop, email) {
  await shop.open();
  await shop.addAnonymously('mug');
  return await askForLink(shop, email);
}

/**
 * Opens a mailed link as a shopper does, and checks what is left of it in the browser.
 * @param {Shop} shop
 * @param {string} link
 */
async function openCarefully(shop, link) {
  const { hash } = new URL(link);
  /** @type {string[]} */
  const sent = [];
  shop.page.on('request', (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  await openLink(shop, link);
  const secrets = [...new URLSearchParams(hash.slice(1)).values()];
  const address = String(await shop.page.url());
  for (const secret of secrets) {
    assert.ok(!address.includes(secret), 'the link’s secrets leave the address');
    assert.ok(!sent.some((request) => request.includes(secret)), 'and are sent to no server');
  }
}

/**
 * Creates an account without a cart.
 * @param {Cast['visitor']} visitor
 * @param {string} account
 */
async function createAccount(visitor, account) {
  const { shop, context } = await visitor();
  await shop.open();
  await shop.signIn('con_acorn', account);
  await shop.showsMessage('SignedIn');
  const { sub } = await shop.claims();
  await context.close();
  return sub;
}

for (const topology of eachOf(['https', 'localhost'])) {
  describe(`a cart on another device, ${topology}`, () => {
    const story = stories(topology);

    story('has the same user id for a person without an account', async ({ shop, visitor, consoleTexts }) => {
      const mail = await fillAndAsk(shop, 'new@example.com');
      const { sub } = await shop.claims();
      const link = await confirmAddress(shop, mail);
      const desk = (await visitor()).shop;
      await openCarefully(desk, link);
      await desk.reload();
      await desk.showsMessage('CartWaiting');
      await signInForCart(desk, 'new');
      await desk.showsMessage('CartOpened');
      await desk.showsCart({ mug: 1 });
      const claims = await desk.claims();
      assert.deepEqual([claims.sub, claims.azp], [sub, 'con_acorn']);
      await desk.hasCleanAddresses();
      const secrets = [...new URLSearchParams(new URL(link).hash.slice(1)).values()];
      for (const secret of secrets) assert.ok(!consoleTexts.some((text) => text.includes(secret)));

      // The first browser is not signed in by it, and can be.
      await shop.reload();
      await shop.showsMessage('SessionOutdated');
      await shop.press('start-over');
      await shop.showsMessage('SignedOut');
      await shop.signIn('con_acorn', 'new');
      await shop.showsCart({ mug: 1 });
      assert.equal((await shop.claims()).sub, sub);
    });

    story('moves to the account that the person has already', async ({ shop, visitor }) => {
      const account = await createAccount(visitor, 'regular');
      const link = await confirmAddress(shop, await fillAndAsk(shop, 'regular@example.com'));
      const desk = (await visitor()).shop;
      await openCarefully(desk, link);
      await signInForCart(desk, 'regular');
      await desk.showsMessage('CartMoved');
      await desk.showsCart({ mug: 1 });
      assert.equal((await desk.claims()).sub, account);
    });
  });
}

describe('a mailed link', () => {
  const story = stories('https');

  story('moves the cart without a confirmed address', async ({ shop, visitor }) => {
    const { link } = await fillAndAsk(shop, 'plain@example.com');
    const { sub } = await shop.claims();
    const desk = (await visitor()).shop;
    await openCarefully(desk, link);
    await signInForCart(desk, 'plain');
    await desk.showsMessage('CartMoved');
    await desk.showsCart({ mug: 1 });
    assert.notEqual((await desk.claims()).sub, sub);
  });

  story('brings its cart beside the one that the other browser has', async ({ shop, visitor }) => {
    const link = await confirmAddress(shop, await fillAndAsk(shop, 'both@example.com'));
    const { sub } = await shop.claims();
    const desk = (await visitor()).shop;
    await desk.open();
    await desk.addAnonymously('vase');
    // A fragment alone loads no page.
    await desk.page.goto('about:blank');
    await openCarefully(desk, link);
    await signInForCart(desk, 'both');
    await desk.showsMessage('CartOpened');
    await desk.showsCart({ mug: 1, vase: 1 });
    assert.equal((await desk.claims()).sub, sub);
  });

  story('still moves the cart when its invite was used', async ({ shop, visitor }) => {
    const link = await confirmAddress(shop, await fillAndAsk(shop, 'twice@example.com'));
    const first = (await visitor()).shop;
    await openCarefully(first, link);
    await signInForCart(first, 'first reader');
    await first.showsMessage('CartOpened');

    const second = (await visitor()).shop;
    await openCarefully(second, link);
    await signInForCart(second, 'second reader');
    // The cart belongs to an account by now: the link opens nothing, and the sign-in is one like any other.
    await second.showsMessage('TicketExpired');
    await second.showsState('signed-in');
    await second.reload();
    assert.equal(await second.find('message').getAttribute('data-code'), '', 'the link is done with');
    await first.reload();
    await first.showsCart({ mug: 1 });
  });

  story('is worth nothing once the owner has signed in', async ({ shop, visitor }) => {
    const link = await confirmAddress(shop, await fillAndAsk(shop, 'late@example.com'));
    await shop.signIn('con_acorn', 'owner');
    await shop.showsMessage('Linked');
    const { sub } = await shop.claims();
    const other = (await visitor()).shop;
    await openCarefully(other, link);
    await signInForCart(other, 'late reader');
    await other.showsMessage('TicketExpired');
    assert.notEqual((await other.claims()).sub, sub);
    await other.showsCart({});
    await shop.reload();
    await shop.showsCart({ mug: 1 });
  });

  story('adds its cart to that of a customer who is signed in, on a press', async ({ shop, visitor }) => {
    const { link } = await fillAndAsk(shop, 'here@example.com');
    const desk = (await visitor()).shop;
    await desk.open();
    await desk.signIn('con_birch', 'here');
    await desk.showsMessage('SignedIn');
    await desk.page.goto('about:blank');
    await openCarefully(desk, link);
    await desk.showsCart({});
    await desk.press('open-mailed-cart');
    await desk.showsMessage('CartMoved');
    await desk.showsCart({ mug: 1 });
    await desk.reload();
    assert.equal(await desk.find('message').getAttribute('data-code'), '', 'the link is done with');
  });

  story('that the shopper does not want is forgotten', async ({ shop, visitor }) => {
    const { link } = await fillAndAsk(shop, 'no@example.com');
    const desk = (await visitor()).shop;
    await openCarefully(desk, link);
    await desk.press('dismiss-mailed-cart');
    await desk.reload();
    assert.equal(await desk.find('message').getAttribute('data-code'), '');
  });

  story('with a parameter given twice takes nothing, and leaves the rest of the address alone', async ({ shop }) => {
    await shop.open('/?utm=a%20b&inviteId=one&%69nviteId=two#shelf');
    const url = new URL(String(await shop.page.url()));
    assert.equal(url.search + url.hash, '?utm=a%20b#shelf');
    assert.equal(await shop.find('message').getAttribute('data-code'), '');
    const stored = await shop.page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    assert.ok(!stored.includes('one') && !stored.includes('two'));
  });
});
