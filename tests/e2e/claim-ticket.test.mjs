// A shopper whose identity already has an account takes the anonymous cart along to it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';

/** Makes an account with a teapot in its cart, and gives its user id. */
async function customer(visitor, name) {
  const { shop, context } = await visitor();
  await shop.open();
  await shop.addAnonymously('teapot');
  await shop.signIn('con_acorn', name);
  await shop.showsMessage('Linked');
  const { sub } = await shop.claims();
  await context.close();
  return sub;
}

/** Fills an anonymous cart and finds out that the identity has an account. */
async function meetsAccount(shop, name) {
  await shop.open();
  await shop.addAnonymously('mug');
  await shop.signIn('con_acorn', name);
  await shop.showsMessage('IdentityAlreadyOwned');
}

/** Signs in to that account with the cart, and gives what the page sent to the shop for it. */
async function takeAlong(shop, name) {
  const sent = shop.page.waitForRequest((request) => request.url().endsWith('/api/cart/claims'));
  await shop.press('take-cart-along');
  await shop.isAtProvider('con_acorn');
  assert.equal(new URL(await shop.page.url()).search.includes('ticket'), false, 'the ticket is in no address');
  await shop.pick(name);
  return await sent;
}

/** Sends what the page sent once more, as this shopper. */
const bring = async (shop, body) => {
  const authorization = `Bearer ${await shop.token()}`;
  const response = await fetch(`${shop.stack.shopUrl}/api/cart/claims`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, code: (await response.json()).errorCode };
};

describe('a cart goes to the account that the shopper already has', () => {
  const story = stories('localhost');

  story('with everything that was in both', async ({ shop, visitor }) => {
    const owner = await customer(visitor, 'both');
    await meetsAccount(shop, 'both');
    await takeAlong(shop, 'both');
    assert.match(await shop.showsMessage('CartMoved'), /together with what was there/i);
    await shop.showsCart({ teapot: 1, mug: 1 });
    assert.equal((await shop.claims()).sub, owner);
    await shop.hasCleanAddresses();
    await shop.reload();
    await shop.showsCart({ teapot: 1, mug: 1 });
  });

  story('once, whoever brings the ticket again', { needs: ['request bodies'] }, async ({ shop, visitor }) => {
    await customer(visitor, 'once');
    await meetsAccount(shop, 'once');
    const body = (await takeAlong(shop, 'once')).postData();
    await shop.showsMessage('CartMoved');
    assert.deepEqual(await bring(shop, body), { status: 403, code: 'TicketAlreadyUsed' });

    const thief = (await visitor()).shop;
    await thief.open();
    await thief.signIn('con_birch', 'thief');
    await thief.showsMessage('SignedIn');
    assert.deepEqual(await bring(thief, body), { status: 403, code: 'TicketAlreadyUsed' });
    const forged = JSON.stringify({ ticket: JSON.parse(body).ticket.replace(/.{4}$/, 'AAAA') });
    assert.deepEqual(await bring(thief, forged), { status: 403, code: 'TicketForged' });
    assert.deepEqual(await bring(thief, JSON.stringify({ ticket: await shop.token() })), {
      status: 403,
      code: 'TicketForged',
    });
    await thief.showsCart({});
  });

  story('or stays when the shopper changes their mind', async ({ shop, visitor }) => {
    await customer(visitor, 'changed their mind');
    await meetsAccount(shop, 'changed their mind');
    const { sub } = await shop.claims();
    await shop.press('take-cart-along');
    await shop.isAtProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('and is not given to somebody without an account', async ({ shop, visitor }) => {
    await customer(visitor, 'owner');
    await meetsAccount(shop, 'owner');
    const response = await fetch(`${shop.stack.shopUrl}/api/cart/claim-ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await shop.token()}` },
    });
    const body = JSON.stringify({ ticket: (await response.json()).ticket });
    const other = (await visitor()).shop;
    await other.open();
    await other.addAnonymously('vase');
    assert.deepEqual(await bring(other, body), { status: 403, code: 'StillAnonymous' });
    await other.showsCart({ vase: 1 });
  });
});
