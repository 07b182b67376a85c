// The client's `fetch`: which origins get the access token, and how a rejected token is replaced.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/**
 * @import { Request } from 'playwright-core'
 * @import { Cast } from './support/story.mjs'
 */

/**
 * Calls the client's `fetch`.
 * @param {BarePage} page
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<{ status?: number, body?: any, error?: any }>}
 */
async function fetchOn(page, url, init) {
  return await page.page.evaluate(
    async ({ url, init }) => {
      try {
        const response = await window.login.fetch(url, init);
        const text = await response.text();
        return { status: response.status, body: text ? JSON.parse(text) : null };
      } catch (error) {
        return { error: { name: error.name, code: error.code, isLoginError: error instanceof window.LoginError } };
      }
    },
    { url, init },
  );
}

/**
 * Records the page's requests to this path, without preflights.
 * @param {BarePage} page
 * @param {string} path
 */
function recordRequests(page, path) {
  /** @type {Request[]} */
  const requests = [];
  page.page.on('request', (request) => {
    if (new URL(request.url()).pathname === path && request.method() !== 'OPTIONS') requests.push(request);
  });
  return requests;
}

/** @param {Request} request */
const authorizationOf = async (request) => (await request.allHeaders()).authorization;
/** @param {number} quantity */
const put = (quantity) => ({
  method: 'PUT',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ quantity }),
});

for (const topology of eachOf(['localhost', 'https'])) {
  describe(`fetch, ${topology}`, () => {
    const story = stories(topology);

    story(`sends the token to the page’s own origin (${topology})`, async ({ shop, authress, stack }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      const token = (await page.call('getToken')).value;
      const { sub } = await authress.verify(token);
      const requests = recordRequests(page, '/api/cart');
      const expected = { status: 200, body: { userId: sub, isAnonymous: true, items: [], totalCents: 0 } };
      assert.deepEqual(await fetchOn(page, '/api/cart'), expected);
      assert.deepEqual(await fetchOn(page, `${stack.shopUrl}/api/cart`), expected);
      for (const request of requests) assert.equal(await authorizationOf(request), `Bearer ${token}`);
      assert.equal(requests.length, 2);
      const changed = await fetchOn(page, '/api/cart/items/mug', put(2));
      assert.deepEqual(
        changed.body.items.map((/** @type {any} */ { productId, quantity }) => [productId, quantity]),
        [['mug', 2]],
      );
      assert.equal(
        (await fetchOn(page, '/api/cart/items/nothing', put(2))).status,
        404,
        'other responses are passed on',
      );
    });

    story(`sends nothing to other origins (${topology})`, async ({ shop, stack, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
      /** @type {string[]} */
      const sent = [];
      tab.on('request', (request) => sent.push(request.url()));
      const { hostname } = new URL(stack.shopUrl);
      const elsewhere = [
        `${stack.sandboxUrl}/api/session/profile`,
        'https://api.other.test/',
        `//api.${hostname}/`,
        `https://${hostname}:81/`,
        `http://${hostname}:81/`,
        'data:text/plain,hello',
      ];
      for (const url of elsewhere) {
        assert.deepEqual(
          await fetchOn(page, url),
          { error: { name: 'LoginError', code: 'OriginNotAllowed', isLoginError: true } },
          url,
        );
      }
      assert.deepEqual(
        sent.filter((url) => elsewhere.some((start) => new URL(start, stack.shopUrl).href === url)),
        [],
      );
    });

    story(`sends it to the origins of the setting (${topology})`, async ({ shop, authress, stack }) => {
      const tokenOrigins = [stack.sandboxUrl, stack.shopUrl.replace(/^https:/, 'http:')];
      const page = new BarePage(shop, { settings: { tokenOrigins } });
      await page.open();
      await page.startAnonymous();
      const { sub } = await authress.verify((await page.call('getToken')).value);
      const { status, body } = await fetchOn(page, `${stack.sandboxUrl}/api/session/profile`);
      assert.deepEqual([status, body.userId], [200, sub]);
      if (topology === 'localhost') return;
      const insecure = await fetchOn(page, tokenOrigins[1]);
      assert.equal(insecure.error.code, 'OriginNotAllowed', 'a token of an https page is not sent over http');
    });

    story(`needs a session, and sends nothing without one (${topology})`, async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      const requests = recordRequests(page, '/api/cart');
      assert.deepEqual(await fetchOn(page, '/api/cart'), {
        error: { name: 'LoginError', code: 'NotLoggedIn', isLoginError: true },
      });
      assert.equal(requests.length, 0);
      await page.startAnonymous();
      assert.equal((await fetchOn(page, '/api/cart')).status, 200);
    });
  });
}

/**
 * The access token's cookie.
 * @param {Pick<Cast, 'context' | 'stack'>} cast
 */
async function tokenCookie({ context, stack }) {
  const cookie = (await context.cookies(stack.shopUrl)).find(({ name }) => name === 'authorization');
  assert.ok(cookie, 'there is an access token');
  return cookie;
}

/**
 * Replaces the access token by one with an invalid signature.
 * @param {Pick<Cast, 'context' | 'stack'>} cast
 * @returns {Promise<string>} the invalid token
 */
async function spoilToken({ context, stack }) {
  const cookie = await tokenCookie({ context, stack });
  const [header, claims, signature] = cookie.value.split('.');
  const value = [header, claims, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
  await context.addCookies([{ ...cookie, value }]);
  return value;
}

describe('a rejected token', () => {
  const story = stories('https');

  story('is replaced, and the request is sent again with its body', { needs: ['request bodies'] }, async (cast) => {
    const { shop, authress } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    const invalid = await spoilToken(cast);
    assert.equal((await page.call('getToken')).value, invalid);
    await authress.clearLog();
    const requests = recordRequests(page, '/api/cart/items/vase');
    const { status, body } = await fetchOn(page, '/api/cart/items/vase', put(3));
    assert.deepEqual([status, body.userId, body.items[0].quantity], [200, sub, 3]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
    assert.equal(requests.length, 2);
    assert.equal(await authorizationOf(requests[0]), `Bearer ${invalid}`);
    const token = (await page.call('getToken')).value;
    assert.equal(await authorizationOf(requests[1]), `Bearer ${token}`);
    assert.deepEqual(
      requests.map((request) => request.postData()),
      Array(2).fill(JSON.stringify({ quantity: 3 })),
    );
    assert.equal((await authress.verify(token)).sub, sub);
  });

  story('is replaced once for several requests', async (cast) => {
    const { shop, authress, page: tab } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await authress.clearLog();
    const statuses = await tab.evaluate(async () => {
      const responses = [1, 2, 3].map(() => window.login.fetch('/api/cart'));
      return (await Promise.all(responses)).map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200, 200]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
  });

  story('is not replaced twice for one request', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await authress.clearLog();
    // An API that rejects every token.
    await tab.route('**/api/cart', (route) => route.fulfill({ status: 401, json: { code: 'Never' } }));
    const requests = recordRequests(page, '/api/cart');
    assert.deepEqual(await fetchOn(page, '/api/cart'), { status: 401, body: { code: 'Never' } });
    assert.equal(requests.length, 2);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
  });

  story('stays the outcome where Authress does not renew the session', async (cast) => {
    const { shop, authress, context } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await context.clearCookies({ name: 'authress-session' });
    const requests = recordRequests(page, '/api/cart');
    const { status, body } = await fetchOn(page, '/api/cart');
    assert.deepEqual([status, body.errorCode], [401, 'TokenInvalidSignature']);
    assert.equal(requests.length, 1);
    assert.equal((await authress.requests()).at(-1), 'PATCH /api/session');
  });

  story('that scripts cannot read is sent by the browser', async ({ shop, context, stack, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    // As Authress sets it for applications whose scripts must not read it.
    const cookie = await tokenCookie({ context, stack });
    await context.addCookies([{ ...cookie, httpOnly: true }]);
    await tab.evaluate(() => {
      const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
      localStorage.AuthenticationCredentialsStorage = JSON.stringify({ ...record, jsCookies: false });
    });
    assert.deepEqual(await page.call('getToken'), { value: null });
    const requests = recordRequests(page, '/api/products');
    assert.equal((await fetchOn(page, '/api/products')).status, 200);
    const headers = await requests[0].allHeaders();
    assert.equal(headers.authorization, undefined);
    assert.ok(headers.cookie.includes(cookie.value), 'the browser sends it');
  });
});

describe('a cancelled request', () => {
  const story = stories('https');

  /**
   * Starts `fetch` with a signal; its outcome goes to `window.outcome`.
   * @param {BarePage} page
   */
  const start = (page) =>
    page.page.evaluate(() => {
      window.abort = new AbortController();
      window.outcome = null;
      window.login.fetch('/api/cart', { signal: window.abort.signal }).then(
        () => {
          window.outcome = 'resolved';
        },
        (error) => {
          window.outcome = [error === window.abort.signal.reason, error.name];
        },
      );
    });
  /** @param {BarePage} page */
  const outcome = (page) => page.page.evaluate(() => window.outcome);

  story(
    'is aborted, and rejects with the signal’s reason',
    { needs: ['held requests'] },
    async ({ shop, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
      let isHeld = false;
      await tab.route('**/api/cart', () => {
        isHeld = true;
      });
      await start(page);
      await until(() => isHeld, true);
      const failed = tab.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/cart'));
      await tab.evaluate(() => window.abort.abort());
      await failed;
      assert.deepEqual(await outcome(page), [true, 'AbortError']);
      await tab.unroute('**/api/cart');
      assert.equal((await fetchOn(page, '/api/cart')).status, 200, 'the next one is sent');
    },
  );

  story('is not sent again after the renewal', async (cast) => {
    const { shop, authress, page: tab } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await authress.clearLog();
    const requests = recordRequests(page, '/api/cart');
    await authress.delay('PATCH', '/api/session', 2_000);
    const renewal = tab.waitForRequest((request) => request.method() === 'PATCH');
    const renewed = tab.waitForResponse((response) => response.request().method() === 'PATCH');
    await start(page);
    await renewal;
    await tab.evaluate(() => window.abort.abort());
    await until(() => outcome(page), [true, 'AbortError']);
    await renewed;
    await authress.verify((await page.call('getToken')).value);
    assert.equal(requests.length, 1);
  });

  story('is never sent if its signal is aborted already', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const requests = recordRequests(page, '/api/cart');
    const reason = await tab.evaluate(async () => {
      const signal = AbortSignal.abort(new Error('changed my mind'));
      return await window.login
        .fetch('/api/cart', { signal })
        .catch((error) => [error === signal.reason, error.message]);
    });
    assert.deepEqual(reason, [true, 'changed my mind']);
    assert.equal(requests.length, 0);
  });
});
