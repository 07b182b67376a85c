// Anonymous shoppers: the first press on "Add to cart" gives them a user id and a cart, without an account.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { FIRST_VISIT } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

describe('an anonymous shopper', () => {
  const story = stories('localhost');

  story('has no user id before the first press', async ({ shop, authress, context }) => {
    await authress.clearLog();
    await shop.open();
    assert.equal(await shop.shownState(), 'signed-out');
    assert.equal(await shop.shownUserId(), null);
    await shop.showsCart({});
    assert.deepEqual(await context.cookies(), [], 'no cookie before the first press');
    assert.deepEqual(await authress.requests(), []);
  });

  story('gets a token and a cart by adding to it', async ({ shop, authress, stack }) => {
    await shop.open();
    await authress.clearLog();
    await shop.add('mug');

    const text = await shop.showsMessage('ItemAdded');
    assert.match(text, /mug is in your cart/i);
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    const claims = await shop.claims();
    assert.equal(claims.iss, stack.sandboxUrl);
    assert.match(claims.sub, /^user_[a-z0-9]{20,}$/);
    assert.equal(claims.client_id, stack.applicationId);
    assert.equal(claims.azp, stack.shopperConnectionId);
    assert.ok(claims.exp > Date.now() / 1000 + 3600, 'the token is valid for more than an hour');
    assert.deepEqual(await authress.requests(), ['POST /api/authentication', ...FIRST_VISIT, 'GET /login']);
  });

  story('keeps a clean address, its query and its fragment', async ({ shop, page }) => {
    await shop.open('/?from=a%20letter&bare#cart');
    await shop.addAnonymously('mug');
    assert.equal(new URL(await page.url()).search, '?from=a%20letter&bare');
    assert.equal(new URL(await page.url()).hash, '#cart');
    await shop.hasCleanAddresses();
  });

  story('keeps the user id through Back and Forward', async ({ shop, page }) => {
    await page.goto('about:blank');
    await shop.open();
    await shop.addAnonymously('bowl');
    const { sub } = await shop.claims();
    await shop.goBack();
    await shop.isReady();
    await shop.showsState('anonymous');
    await shop.showsCart({ bowl: 1 });
    assert.equal((await shop.claims()).sub, sub);
    await page.goForward({ waitUntil: 'commit' });
    await shop.isReady();
    await shop.showsState('anonymous');
    await shop.showsCart({ bowl: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story('adds more without leaving the page again', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    await authress.clearLog();
    await shop.add('vase');
    await shop.showsCart({ mug: 1, vase: 1 });
    await shop.add('mug');
    await shop.showsCart({ mug: 2, vase: 1 });
    assert.deepEqual(await authress.requests(), []);
  });

  story('gets a user id of their own', async ({ shop, visitor }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const other = (await visitor()).shop;
    await other.open();
    await other.addAnonymously('plate');
    assert.notEqual((await other.claims()).sub, (await shop.claims()).sub);
    await other.showsCart({ plate: 1 });
    await shop.reload();
    await shop.showsCart({ mug: 1 });
  });

  story('can sign out, and gets another user id then', async ({ shop, context, stack }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const first = (await shop.claims()).sub;
    await shop.signOut();
    await shop.showsCart({});
    assert.equal(await shop.token(), null);
    const kept = await shop.page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.ok(!kept.includes('idToken'), 'the browser keeps no identity');
    assert.deepEqual(
      (await context.cookies(stack.sandboxUrl)).map(({ name }) => name),
      [],
      'no session at Authress',
    );
    await shop.addAnonymously('vase');
    assert.notEqual((await shop.claims()).sub, first);
    await shop.showsCart({ vase: 1 });
  });
});
