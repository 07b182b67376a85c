// Migration: a page written for the published client changes its import, there and back, and shoppers stay signed in.

import assert from 'node:assert/strict';
import { before, describe } from 'node:test';

import { build } from 'esbuild';

import { POLLING } from './support/shop.mjs';
import { TOPOLOGIES, eachOf, workspace } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/** @import { Cast } from './support/story.mjs' */

/** Calls only what the published client documents. */
const PAGE = `
  import { LoginClient } from 'the-client';
  const { authressApiUrl, applicationId } = await (await fetch('/config.json')).json();
  const login = new LoginClient({ authressApiUrl, applicationId }, {});
  const readShopper = async () => {
    if (!(await login.userSessionExists())) return { userId: null };
    const { userId, sub, name } = login.getUserIdentity();
    return { userId, sub, name, token: await login.ensureToken({ timeoutInMillis: 1000 }) };
  };
  Object.assign(window, { login, shopper: await readShopper() });
`;

const PUBLISHED = '@authress/login';
const OURS = 'authress-login-wasm';
/** @typedef {typeof PUBLISHED | typeof OURS} Client */

/**
 * The page's script with each client.
 * @type {Map<Client, string>}
 */
const scripts = new Map();

before(async () => {
  for (const client of /** @type {const} */ ([PUBLISHED, OURS])) {
    const { outputFiles } = await build({
      stdin: { contents: PAGE.replace('the-client', client), resolveDir: `${workspace}tests` },
      // The shop's own import map resolves ours.
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      external: [OURS],
    });
    scripts.set(client, outputFiles[0].text);
  }
});

/** The page with one of the clients. */
class Page {
  /** @param {Cast} cast */
  constructor({ page, stack, shop }) {
    this.page = page;
    this.stack = stack;
    this.shop = shop;
  }

  /** @param {Client} client */
  async serve(client) {
    await this.page.unroute('**/app.js');
    await this.page.route('**/app.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: scripts.get(client) }),
    );
  }

  /**
   * Opens the page with this client.
   * @param {Client} client
   * @returns {Promise<any>} the shopper that it shows
   */
  async openWith(client) {
    await this.serve(client);
    await this.page.goto(`${this.stack.shopUrl}/?with=${client === OURS ? 'ours' : 'published'}`);
    const shopper = await this.shopper();
    // The stored session may have been restored without the module, with which nothing changes.
    if (client === OURS) await this.page.evaluate(async () => (await import('authress-login-wasm')).initWasm());
    return shopper;
  }

  /** @returns {Promise<any>} */
  async shopper() {
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl);
    await this.page.waitForFunction(() => window.shopper, null, POLLING);
    return this.page.evaluate(() => window.shopper);
  }

  /**
   * Calls a method that leaves the page, and waits until the browser has returned.
   * @param {'authenticate' | 'logout'} method
   * @param {import('authress-login-wasm').AuthenticateOptions} [options]
   * @param {() => Promise<void>} [act]
   */
  async leave(method, options, act = async () => {}) {
    const path = `/?back-from-${method}`;
    await this.page.evaluate(
      ({ method, value }) => {
        /** @type {any} */ (window.login)[method](value).catch(() => {});
      },
      {
        method,
        value: method === 'logout' ? this.stack.shopUrl + path : { ...options, redirectUrl: this.stack.shopUrl + path },
      },
    );
    await act();
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl && url.search.startsWith(path.slice(1)));
    return this.shopper();
  }
}

for (const topology of eachOf(TOPOLOGIES)) {
  describe(`a page of the published client, ${topology}`, () => {
    const story = stories(topology);

    story('keeps an identity that the published client has stored as claims in JSON', async (cast) => {
      const page = new Page(cast);
      await page.openWith(PUBLISHED);
      const shopper = await page.leave('authenticate', { connectionId: cast.stack.shopperConnectionId });
      // The form of its early versions, and of identities that outgrow a cookie.
      for (const asText of [true, false]) {
        await cast.page.evaluate((isText) => {
          const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
          const { userId, ...claims } = window.login.getUserIdentity() ?? {};
          localStorage.AuthenticationCredentialsStorage = JSON.stringify({
            ...record,
            idToken: isText ? JSON.stringify(claims) : claims,
          });
        }, asText);
        await cast.authress.clearLog();
        assert.deepEqual(await page.openWith(OURS), shopper);
        assert.deepEqual(await cast.authress.requests(), []);
        await page.openWith(PUBLISHED);
      }
    });

    /** @type {[from: Client, to: Client][]} */
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

      story(`completes with ${second} a login that was started with ${first}`, async (cast) => {
        const page = new Page(cast);
        await page.openWith(first);
        const customer = await page.leave('authenticate', { connectionId: 'con_acorn' }, async () => {
          await cast.shop.isAtProvider('con_acorn');
          // The shop is deployed anew while the shopper is at the provider.
          await page.serve(second);
          await cast.shop.find('user-other').fill(`mover ${topology} ${first}`);
          await cast.shop.press('continue');
        });
        assert.equal((await cast.authress.verify(customer.token)).sub, customer.userId);
        assert.deepEqual(await page.openWith(first), customer);
        assert.equal((await page.leave('logout')).userId, null);
        assert.equal((await page.openWith(second)).userId, null, 'a logout with one client holds for the other');
      });
    }
  });
}
