// What the demo shop does for its shoppers' safety beside the login client: security headers, and the server's word about
// whose cart it is.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { POLLING } from './support/shop.mjs';
import { TOPOLOGIES } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/** @import { Shop } from './support/shop.mjs' */

for (const topology of TOPOLOGIES) {
  describe(`the shop’s security headers, ${topology}`, () => {
    const story = stories(topology);

    story(`are on pages, files, the API and errors, and a login and a link work (${topology})`, async ({ shop }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      await shop.signIn('con_acorn', `headers-${topology}`);
      await shop.showsMessage('Linked');
      const token = await shop.token();
      const responses = await shop.page.evaluate(async (token) => {
        const headers = { authorization: `Bearer ${token}` };
        const kinds = { '/': {}, '/app.js': {}, '/api/cart': { headers }, '/api/nothing': {}, '/nothing': {} };
        return await Promise.all(
          Object.entries(kinds).map(async ([path, init]) => {
            const response = await fetch(path, init);
            return { path, status: response.status, headers: Object.fromEntries(response.headers) };
          }),
        );
      }, token);
      assert.deepEqual(
        responses.map(({ status }) => status),
        [200, 200, 200, 404, 404],
      );
      for (const { path, headers } of responses) {
        assert.equal(headers['x-content-type-options'], 'nosniff', path);
        assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
        assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path);
        assert.match(headers['content-security-policy'], /frame-ancestors 'none'/, path);
        const isHttps = topology !== 'localhost';
        assert.equal('strict-transport-security' in headers, isHttps, `https is required of ${path} on https only`);
      }
    });
  });
}

describe('a page of another origin that opens the shop', () => {
  const story = stories('localhost');

  story('has no handle of its window', async ({ shop, context, stack }) => {
    const { page } = shop;
    await page.route('http://evil.example/', (route) => route.fulfill({ contentType: 'text/html', body: '<p>Win!' }));
    await page.goto('http://evil.example/');
    /** @type {(url: string) => Promise<import('playwright-core').Page>} */
    const openWindow = async (url) => {
      const opened = context.waitForEvent('page');
      await page.evaluate((url) => {
        window.opened = window.open(url);
      }, url);
      const tab = await opened;
      await tab.waitForURL((address) => address.origin === new URL(url).origin);
      return tab;
    };
    // The sandbox has no such policy: without one the handle stays.
    await openWindow(`${stack.sandboxUrl}/.well-known/openid-configuration`);
    assert.equal(await page.evaluate(() => window.opened.closed), false);
    const tab = await openWindow(`${stack.shopUrl}/`);
    await page.waitForFunction(() => window.opened.closed, null, POLLING);
    assert.equal(await tab.evaluate(() => window.opener), null);
    assert.equal(await tab.locator('h1').innerText(), 'Stoneware for slow mornings', 'its window is open');
  });
});

describe('who the shopper is', () => {
  const story = stories('localhost');

  /**
   * Replaces the owner in the shop's responses to this tab, as if the identity in the browser were another one's.
   * @param {Shop} shop
   * @param {{ userId: string, isAnonymous: boolean }} owner
   */
  const serverSays = async (shop, owner) => {
    const item = { productId: 'mug', name: 'Morning mug', quantity: 1, priceCents: 2400 };
    const json = { ...owner, items: [item], totalCents: 2400 };
    await shop.page.route('**/api/cart', (route) => route.fulfill({ json }));
    await shop.reload();
  };

  story('is what the shop’s server says: no link is offered to its customer', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    await serverSays(shop, { userId: sub, isAnonymous: false });
    await shop.showsState('signed-in');
    assert.equal(await shop.find('shopper-state').innerText(), 'Signed in');
    for (const offer of ['sign-in', 'keep-cart']) assert.equal(await shop.find(offer).isVisible(), false, offer);
  });

  story('is what the shop’s server says: a link is offered to its anonymous shopper', async ({ shop }) => {
    await shop.open();
    await shop.signIn('con_birch', 'known');
    await shop.showsMessage('SignedIn');
    const { sub } = await shop.claims();
    await serverSays(shop, { userId: sub, isAnonymous: true });
    await shop.showsState('anonymous');
    assert.doesNotMatch(await shop.find('details-list').innerText(), /known/, 'not the name of the identity');
    await shop.press('keep-cart');
    assert.equal(await shop.find('picker').locator('h2').innerText(), 'Sign in and keep your cart');
    await shop.press('provider-con_acorn');
    await shop.isAtProvider('con_acorn');
  });

  story('is the server’s user, without the name of another', async ({ shop }) => {
    await shop.open();
    await shop.signIn('con_birch', 'other-name');
    await shop.showsMessage('SignedIn');
    await serverSays(shop, { userId: 'user_of_the_token', isAnonymous: false });
    await shop.showsUser('user_of_the_token');
    assert.equal(await shop.find('shopper-state').innerText(), 'Signed in');
  });
});

for (const topology of /** @type {const} */ (['localhost', 'https'])) {
  describe(`a link while the session becomes another shopper’s, ${topology}`, () => {
    const story = stories(topology);

    story(`is refused, and the page shows whose cart it is now (${topology})`, async ({ shop, newTab, authress }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const first = await shop.claims();
      await shop.press('sign-in');

      const other = await newTab();
      await other.open();
      await other.signOut();
      await other.addAnonymously('vase');
      const second = await other.claims();
      assert.notEqual(second.sub, first.sub);

      await authress.clearLog();
      await shop.press('provider-con_acorn');
      assert.match(await shop.showsMessage('CartOfAnotherShopper'), /someone has signed in or out/i);
      assert.deepEqual(await authress.requests(), [], 'no link was begun');
      assert.equal((await shop.claims()).sub, second.sub);
      await shop.showsCart({ vase: 1 });

      // Now that the shopper has seen whose cart it is.
      await shop.signIn('con_acorn', `seen-${topology}`);
      await shop.showsMessage('Linked');
      assert.equal((await shop.claims()).sub, second.sub);
    });

    story(`is not begun in place of a sign-in (${topology})`, async ({ shop, newTab, authress }) => {
      await shop.open();
      await shop.press('sign-in');
      const other = await newTab();
      await other.open();
      await other.addAnonymously('vase');

      await authress.clearLog();
      await shop.press('provider-con_acorn');
      await shop.showsMessage('CartOfAnotherShopper');
      assert.deepEqual(await authress.requests(), []);
      await shop.showsState('anonymous');
      await shop.showsCart({ vase: 1 });
    });

    story(`waits until the shop’s server can say whose cart it is (${topology})`, async ({ shop, authress }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      await shop.page.route('**/api/cart', (route) => route.abort());
      await authress.clearLog();
      await shop.press('sign-in');
      await shop.press('provider-con_acorn');
      await shop.showsMessage('ShopUnreachable');
      assert.deepEqual(await authress.requests(), []);
      await shop.page.unroute('**/api/cart');
      await shop.signIn('con_acorn', `later-${topology}`);
      await shop.showsMessage('Linked');
    });
  });
}
