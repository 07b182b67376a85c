// Restored sessions: a shopper who comes back has the same session and cart, without a request to Authress.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('a shopper who comes back', () => {
  const story = stories('localhost');

  story('finds the cart after a reload, without a request to Authress', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.add('vase');
    await shop.showsCart({ mug: 1, vase: 1 });
    const before = await shop.claims();
    await authress.clearLog();
    shop.toSandbox.length = 0;

    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1, vase: 1 });
    assert.deepEqual(await shop.claims(), before, 'it is the same token');
    assert.deepEqual(await authress.log(), [], 'the sandbox got no request');
    assert.equal(shop.toSandbox.length, 0, 'the browser sent no request');
  });

  story('finds the cart on a later visit', async ({ shop, context, visitor, authress, stack }) => {
    await shop.open();
    await shop.addAnonymously('teapot');
    const { sub } = await shop.claims();
    const cookie = (await context.cookies(stack.shopUrl)).find(({ name }) => name === 'authorization');
    assert.ok(cookie, 'there is an access token');
    assert.ok(cookie.expires > Date.now() / 1000 + 3600, 'the token is kept when the browser closes');
    assert.equal(cookie.sameSite, 'Strict');
    const kept = await context.storageState();
    await context.close();

    await authress.clearLog();
    const later = (await visitor(kept)).shop;
    await later.open();
    await later.showsState('anonymous');
    await later.showsCart({ teapot: 1 });
    assert.equal((await later.claims()).sub, sub);
    assert.deepEqual(await authress.log(), []);
    assert.equal(later.toSandbox.length, 0);
    await later.add('teapot');
    await later.showsCart({ teapot: 2 });
  });

  story('has a token for scripts at once', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await authress.clearLog();
    shop.toSandbox.length = 0;

    await page.page.reload();
    await page.isReady();
    const { value: token } = await page.call('getToken');
    assert.equal(token, await shop.token());
    const { sub } = await authress.verify(token ?? '');
    assert.equal((await page.call('ensureToken', { timeoutInMillis: 0 })).value, token);
    assert.equal((await page.call('userSessionExists')).value, true);
    assert.equal((await page.call('waitForUserSession')).value, true);
    assert.equal((await page.call('getUserIdentity')).value.userId, sub);
    assert.deepEqual(await authress.log(), []);
    assert.equal(shop.toSandbox.length, 0);
  });

  story('is signed out when the session has ended', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.page.clock.setSystemTime(Date.now() + DAY_MS);
    await shop.reload();
    assert.equal(await shop.shownState(), 'signed-out');
    await shop.showsCart({});

    const page = new BarePage(shop);
    await page.open();
    const { error } = await page.call('getToken', { timeoutInMillis: 0 });
    assert.equal(error.code, 'TokenTimeout');
    assert.equal((await page.call('getUserIdentity')).value, null);
  });

  story('is signed out if the token was deleted', async ({ shop, context }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    await context.clearCookies({ name: 'authorization' });
    await shop.reload();
    assert.equal(await shop.shownState(), 'signed-out');
    await shop.addAnonymously('bowl');
    assert.notEqual((await shop.claims()).sub, sub);
    await shop.showsCart({ bowl: 1 });
  });
});
