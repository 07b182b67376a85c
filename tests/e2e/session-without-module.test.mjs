// The state of the session on a page whose module does not load.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CORE, html, setUp } from './support/package-site.mjs';

/** @import { Page } from 'playwright-core' */

describe('the state of a page whose module does not load', () => {
  const { site, withPage } = setUp();

  /** Runs in the page: a session as the client stores it. */
  const storeSession = () => {
    /** @param {object} value */
    const base64url = (value) =>
      btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    /** @param {object} [more] */
    const token = (more) =>
      `${base64url({ typ: 'at+jwt' })}.${base64url({ iss: location.origin, sub: 'user_1', client_id: 'app_shop', exp: Math.floor(Date.now() / 1000) + 3600, ...more })}.c2ln`;
    localStorage.setItem(
      'AuthenticationCredentialsStorage',
      JSON.stringify({ idToken: token({ name: 'Ada' }), expiry: Date.now() + 3_600_000, jsCookies: true }),
    );
    document.cookie = `authorization=${token()}; Path=/`;
  };

  /** Runs in the page: stores a record that only the module can check. */
  const storeUncertain = () => localStorage.setItem('AuthenticationCredentialsStorage', '{');

  /**
   * Creates a client on a page, and records its first snapshot and its events.
   * @param {(() => void) | undefined} store stores a session before that
   * @param {(page: Page) => Promise<void>} work
   */
  const withClient = (store, work) =>
    withPage(async ({ page }) => {
      if (store) await page.evaluate(store);
      await page.evaluate(() => {
        window.recorded = [];
        window.login = new window.it.LoginClient({
          authressApiUrl: location.origin,
          applicationId: 'app_shop',
          tokenOrigins: ['https://api.example.com'],
        });
        window.first = window.login.getSnapshot();
        window.login.subscribe(({ type }) => window.recorded.push([type, window.login.getSnapshot().status]));
      });
      return await work(page);
    });

  test('is signed out on a first visit, before and after the failure', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    await withClient(undefined, async (page) => {
      assert.equal(await page.evaluate(() => window.first.status), 'signed-out');
      await page.waitForFunction(() => window.recorded.length > 1);
      assert.deepEqual(await page.evaluate(() => window.recorded), [
        ['ready', 'signed-out'],
        ['load-failed', 'signed-out'],
      ]);
    });
  });

  test('is signed out after an event if only the module can check it, and a later call loads the module', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    await withClient(storeUncertain, async (page) => {
      assert.equal(await page.evaluate(() => window.first.status), 'checking');
      await page.waitForFunction(() => window.recorded.length > 0);
      assert.deepEqual(await page.evaluate(() => window.recorded), [['load-failed', 'signed-out']]);
      site.files.delete(`/dist/${CORE}`);
      await page.evaluate(() => window.it.initWasm());
    });
  });

  test('is checked when the browser is online again', async () => {
    site.files.set(`/dist/${CORE}`, html(503));
    await withClient(storeUncertain, async (page) => {
      await page.waitForFunction(() => window.recorded.length > 0);
      await page.evaluate(() => window.login.getLinkResult().catch(() => {}));
      site.files.delete(`/dist/${CORE}`);
      site.requested = [];
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.waitForFunction(() => window.recorded.at(-1)[0] === 'ready');
    });
  });

  test('is that of the stored session, before and after the failure, and fetch sends its token', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    /** @type {(string | undefined)[]} */
    const authorized = [];
    site.files.set('/api/cart', (response, request) => {
      authorized.push(request.headers.authorization);
      response.writeHead(authorized.length === 1 ? 200 : 401, { 'content-type': 'text/plain' }).end('cart');
    });
    await withClient(storeSession, async (page) => {
      const { status, userIdentity } = await page.evaluate(() => window.first);
      assert.deepEqual([status, userIdentity?.userId, userIdentity?.name], ['signed-in', 'user_1', 'Ada']);
      assert.ok(
        await page.evaluate(() => window.login.getSnapshot() === window.first),
        'one object until something changes',
      );
      await page.waitForFunction(() => window.recorded.length > 1);
      assert.deepEqual(await page.evaluate(() => window.recorded), [
        ['ready', 'signed-in'],
        ['load-failed', 'signed-in'],
      ]);
      const cart = () =>
        page.evaluate(async () => {
          const response = await window.login.fetch('/api/cart');
          return [response.status, await response.text()];
        });
      assert.deepEqual(await cart(), [200, 'cart']);
      assert.match(authorized[0] ?? '', /^Bearer \S+\.\S+\.\S+$/);
      assert.deepEqual(await cart(), [401, 'cart'], 'only the module can replace the token');
      const code = await page.evaluate(() =>
        window.login.fetch('https://elsewhere.example.com/').catch((/** @type {any} */ { code }) => code),
      );
      assert.equal(code, 'ModuleLoadFailed', 'only the module decides about other origins');
    });
  });
});
