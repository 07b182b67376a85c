// A shop's server in JavaScript, with the tokens and cookies of a real browser: what docs/server.md says of both.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe } from 'node:test';

import { ShopperError, createShopperVerifier, serve } from '../package/server-entry.mjs';
import { stories } from './support/story.mjs';

/** @import { StackDescription } from './support/stack.mjs' */

/** @param {StackDescription} stack */
const verifierOf = ({ sandboxUrl, applicationId }) =>
  createShopperVerifier({ authressApiUrl: sandboxUrl, applicationId });

describe('a server in JavaScript', () => {
  const story = stories('localhost');

  story('knows an anonymous shopper, and the same one as a customer', async ({ shop, stack }) => {
    const { verify } = verifierOf(stack);
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    const { claims: _, ...anonymous } = await verify(String(await shop.token()));
    const connectionId = stack.shopperConnectionId;
    assert.deepEqual(anonymous, { userId: sub, isAnonymous: true, connectionId });
    await shop.signIn('con_acorn', 'known');
    await shop.showsMessage('Linked');
    const { claims, ...customer } = await verify(String(await shop.token()));
    assert.deepEqual(customer, { userId: sub, isAnonymous: false, connectionId: 'con_acorn' });
    assert.equal(claims.iss, stack.sandboxUrl);
  });

  story('sees the cookie but for the first page of a visit from another site', async ({ shop, page, stack }) => {
    /** @type {(() => void)[]} */
    const stops = [];
    const context = { after: (/** @type {() => void} */ stop) => stops.push(stop) };
    const { hostname } = new URL(stack.shopUrl);
    const { shopperOf, shopperOrNull } = verifierOf(stack);
    // On the shop's host, where browsers send its cookie: cookies do not know ports.
    const server = createServer(async (request, response) => {
      response.setHeader('content-type', 'text/html');
      if (request.method === 'GET')
        return response.end(`<p>${(await shopperOrNull(request))?.userId ?? 'unknown'}</p>`);
      const result = await shopperOf(request).then(
        ({ userId }) => userId,
        (error) => (error instanceof ShopperError ? error.code : 'failed'),
      );
      return response.end(`<p>${result}</p>`);
    }).listen(0, '127.0.0.1');
    context.after(() => server.close());
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const cart = `http://${hostname}:${port}/cart`;
    const html = `<a href="${cart}">cart</a><form method="post" action="${cart}"><button>buy</button></form>`;
    const other = new URL(
      await serve(context, (_, response) => response.setHeader('content-type', 'text/html').end(html)),
    );
    const shown = async () => await page.textContent('p');

    try {
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      await page.goto(cart);
      assert.equal(await shown(), sub);

      // Another site: a host of another name, on this machine.
      other.hostname = hostname === 'localhost' ? '127.0.0.1' : 'localhost';
      await page.goto(other.href);
      await page.click('a');
      await page.waitForURL(cart);
      assert.equal(await shown(), 'unknown', 'the first page of the visit');
      await page.evaluate(() => location.replace(`${location.pathname}?again`));
      await page.waitForURL(`${cart}?again`);
      assert.equal(await shown(), sub, 'the page has loaded itself once more');

      // Another origin of the same site, which the cookie alone would let in.
      other.hostname = hostname;
      await page.goto(other.href);
      await page.click('button');
      await page.waitForURL(cart);
      assert.equal(await shown(), 'CrossSiteRequest');
      // The page's own origin.
      await page.evaluate(() => {
        document.body.insertAdjacentHTML('beforeend', '<form method="post" action="/own"><button>buy</button></form>');
      });
      await page.click('button');
      await page.waitForURL('**/own');
      assert.equal(await shown(), sub);
    } finally {
      for (const stop of stops) stop();
    }
  });
});
