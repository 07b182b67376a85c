// Claim tickets: a shopper whose identity already has an account moves the anonymous cart to it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';

/** @import { Shop } from './support/shop.mjs' */

/**
 * Creates an account with a teapot in its cart.
 * @param {import('./support/story.mjs').Cast['visitor']} visitor
 * @param {string} name
 * @returns {Promise<string>} its user id
 */
async function createCustomer(visitor, name) {
  const { shop, context } = await visitor();
  await shop.open();
  await shop.addAnonymously('teapot');
  await shop.signIn('con_acorn', name);
  await shop.showsMessage('Linked');
  const { sub } = await shop.claims();
  await context.close();
  return sub;
}

/**
 * Fills an anonymous cart, and links an identity that has an account already.
 * @param {Shop} shop
 * @param {string} name
 */
async function linkOwnedIdentity(shop, name) {
  await shop.open();
  await shop.addAnonymously('mug');
  await shop.signIn('con_acorn', name);
  await shop.showsRefusedLink('Acorn ID');
}

/**
 * Signs in to that account with the cart.
 * @param {Shop} shop
 * @param {string} name
 * @returns {Promise<import('playwright-core').Request>} the request that claimed the cart
 */
async function takeAlong(shop, name) {
  const sent = shop.page.waitForRequest((request) => request.url().endsWith('/api/cart/claims'));
  await shop.press('take-cart-along');
  await shop.isAtProvider('con_acorn');
  assert.equal(new URL(await shop.page.url()).search.includes('ticket'), false, 'the ticket is in no address');
  await shop.pick(name);
  return await sent;
}

/**
 * Claims the cart of a ticket once more, as this shopper.
 * @param {Shop} shop
 * @param {string | null} body of the claim
 */
const claimAgain = async (shop, body) => {
  const authorization = `Bearer ${await shop.token()}`;
  const response = await fetch(`${shop.stack.shopUrl}/api/cart/claims`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, code: (await response.json()).errorCode };
};

describe('a cart is moved to the account that the shopper already has', () => {
  const story = stories('localhost');

  story('with the contents of both carts', async ({ shop, visitor }) => {
    const owner = await createCustomer(visitor, 'both');
    await linkOwnedIdentity(shop, 'both');
    await takeAlong(shop, 'both');
    assert.match(await shop.showsMessage('CartMoved'), /together with what was there/i);
    await shop.showsCart({ teapot: 1, mug: 1 });
    assert.equal((await shop.claims()).sub, owner);
    await shop.hasCleanAddresses();
    await shop.reload();
    await shop.showsCart({ teapot: 1, mug: 1 });
  });

  story('once, and no other account can claim it', { needs: ['request bodies'] }, async ({ shop, visitor }) => {
    await createCustomer(visitor, 'once');
    await linkOwnedIdentity(shop, 'once');
    const body = (await takeAlong(shop, 'once')).postData();
    await shop.showsMessage('CartMoved');
    assert.deepEqual(await claimAgain(shop, body), { status: 403, code: 'TicketAlreadyUsed' });

    const thief = (await visitor()).shop;
    await thief.open();
    await thief.signIn('con_birch', 'thief');
    await thief.showsMessage('SignedIn');
    // The journal of migrations has the first account.
    assert.deepEqual(await claimAgain(thief, body), { status: 409, code: 'MigratesElsewhere' });
    const forged = JSON.stringify({ ticket: JSON.parse(body ?? '').ticket.replace(/.{4}$/, 'AAAA') });
    assert.deepEqual(await claimAgain(thief, forged), { status: 403, code: 'TicketForged' });
    assert.deepEqual(await claimAgain(thief, JSON.stringify({ ticket: await shop.token() })), {
      status: 403,
      code: 'TicketForged',
    });
    await thief.showsCart({});
  });

  story('or stays when the shopper cancels', async ({ shop, visitor }) => {
    await createCustomer(visitor, 'cancels');
    await linkOwnedIdentity(shop, 'cancels');
    const { sub } = await shop.claims();
    await shop.press('take-cart-along');
    await shop.isAtProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('but not to an anonymous shopper', async ({ shop, visitor }) => {
    await createCustomer(visitor, 'owner');
    await linkOwnedIdentity(shop, 'owner');
    const response = await fetch(`${shop.stack.shopUrl}/api/cart/claim-ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await shop.token()}` },
    });
    const body = JSON.stringify({ ticket: (await response.json()).ticket });
    const other = (await visitor()).shop;
    await other.open();
    await other.addAnonymously('vase');
    assert.deepEqual(await claimAgain(other, body), { status: 403, code: 'StillAnonymous' });
    await other.showsCart({ vase: 1 });
  });
});
