// A page that was written for the published client: only its import changes, there and back, and whoever is signed in
// stays so.

import assert from 'node:assert/strict';
import { before, describe } from 'node:test';

import { build } from 'esbuild';

import { POLLING } from './support/shop.mjs';
import { workspace } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/** Every call here is one that the published client documents. */
const PAGE = `
  import { LoginClient } from 'the-client';
  const { authressApiUrl, applicationId } = await (await fetch('/config.json')).json();
  const login = new LoginClient({ authressApiUrl, applicationId }, {});
  const look = async () => {
    if (!(await login.userSessionExists())) return { userId: null };
    const { userId, sub, name } = login.getUserIdentity();
    return { userId, sub, name, token: await login.ensureToken({ timeoutInMillis: 1000 }) };
  };
  Object.assign(window, { login, shopper: await look() });
`;

const PUBLISHED = '@authress/login';
const OURS = 'authress-login-wasm';
const pages = new Map();

before(async () => {
  for (const client of [PUBLISHED, OURS]) {
    const { outputFiles } = await build({
      stdin: { contents: PAGE.replace('the-client', client), resolveDir: `${workspace}tests` },
      // Ours is found by the shop's own import map.
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      external: [OURS],
    });
    pages.set(client, outputFiles[0].text);
  }
});

/** The page with one of the clients. */
class Page {
  constructor({ page, stack, shop }) {
    Object.assign(this, { page, stack, shop });
  }

  async serve(client) {
    await this.page.unroute('**/app.js');
    await this.page.route('**/app.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: pages.get(client) }),
    );
  }

  /** Opens the page with this client and gives what it shows. */
  async openWith(client) {
    await this.serve(client);
    await this.page.goto(`${this.stack.shopUrl}/?with=${client === OURS ? 'ours' : 'published'}`);
    const shopper = await this.shopper();
    // A stored session may have needed no module; with it nothing changes.
    if (client === OURS) await this.page.evaluate(async () => (await import('authress-login-wasm')).initWasm());
    return shopper;
  }

  async shopper() {
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl);
    await this.page.waitForFunction(() => window.shopper, null, POLLING);
    return this.page.evaluate(() => window.shopper);
  }

  /** Calls a method that leaves the page, and waits until the browser is back. */
  async leave(method, options, act = async () => {}) {
    const path = `/?back-from-${method}`;
    await this.page.evaluate(
      ([method, options]) => {
        window.login[method](options).catch(() => {});
      },
      [
        method,
        method === 'logout' ? this.stack.shopUrl + path : { ...options, redirectUrl: this.stack.shopUrl + path },
      ],
    );
    await act();
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl && url.search.startsWith(path.slice(1)));
    return this.shopper();
  }
}

for (const topology of ['localhost', 'https', 'cross-site']) {
  describe(`a page of the published client, ${topology}`, () => {
    const story = stories(topology);

    story('keeps an identity that the published client has stored as claims in JSON', async (cast) => {
      const page = new Page(cast);
      await page.openWith(PUBLISHED);
      const shopper = await page.leave('authenticate', { connectionId: cast.stack.shopperConnectionId });
      // The form of its early versions, and of identities that outgrow a cookie.
      for (const asText of [true, false]) {
        await cast.page.evaluate((asText) => {
          const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
          const { userId, ...claims } = window.login.getUserIdentity();
          localStorage.AuthenticationCredentialsStorage = JSON.stringify({
            ...record,
            idToken: asText ? JSON.stringify(claims) : claims,
          });
        }, asText);
        await cast.authress.clearLog();
        assert.deepEqual(await page.openWith(OURS), shopper);
        assert.deepEqual(await cast.authress.requests(), []);
        await page.openWith(PUBLISHED);
      }
    });

    const swaps = [
      [PUBLISHED, OURS],
      [OURS, PUBLISHED],
    ];

    for (const [first, second] of swaps) {
      story(`keeps an anonymous shopper from ${first} to ${second} and back`, async (cast) => {
        const page = new Page(cast);
        assert.equal((await page.openWith(first)).userId, null);
        const anonymous = await page.leave('authenticate', { connectionId: cast.stack.shopperConnectionId });
        assert.match(anonymous.userId, /^user_/);
        await cast.authress.verify(anonymous.token);

        await cast.authress.clearLog();
        assert.deepEqual(await page.openWith(second), anonymous, 'the same id and the same token');
        assert.deepEqual(await page.openWith(first), anonymous, 'and back');
        assert.deepEqual(await cast.authress.requests(), [], 'without a request');
      });

      story(`completes with ${second} a login that was begun with ${first}`, async (cast) => {
        const page = new Page(cast);
        await page.openWith(first);
        const customer = await page.leave('authenticate', { connectionId: 'con_acorn' }, async () => {
          await cast.shop.isAtProvider('con_acorn');
          // The shop is deployed anew while somebody is away.
          await page.serve(second);
          await cast.shop.find('user-other').fill(`mover ${topology} ${first}`);
          await cast.shop.press('continue');
        });
        assert.equal((await cast.authress.verify(customer.token)).sub, customer.userId);
        assert.deepEqual(await page.openWith(first), customer);
        assert.equal((await page.leave('logout')).userId, null);
        assert.equal(
          (await page.openWith(second)).userId,
          null,
          'whoever signed out with one is signed out with the other',
        );
      });
    }
  });
}
