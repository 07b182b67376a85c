// `fetch` with the access token: to whom it goes, and what happens when it is not accepted.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** Calls the client's `fetch`: `{status, body}`, or `{error}` as BarePage has it. */
async function fetchOn(page, url, init) {
  return await page.page.evaluate(
    async ([url, init]) => {
      try {
        const response = await window.login.fetch(url, init);
        const text = await response.text();
        return { status: response.status, body: text ? JSON.parse(text) : null };
      } catch (error) {
        return { error: { name: error.name, code: error.code, isLoginError: error instanceof window.LoginError } };
      }
    },
    [url, init],
  );
}

/** The requests of the page to this path from now on, without preflights. */
function watch(page, path) {
  const seen = [];
  page.page.on('request', (request) => {
    if (new URL(request.url()).pathname === path && request.method() !== 'OPTIONS') seen.push(request);
  });
  return seen;
}

const bearer = async (request) => (await request.allHeaders()).authorization;
const put = (quantity) => ({
  method: 'PUT',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ quantity }),
});

for (const topology of ['localhost', 'https']) {
  describe(`fetch, ${topology}`, () => {
    const story = stories(topology);

    story(`sends the token to the page’s own origin (${topology})`, async ({ shop, authress, stack }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      const token = (await page.call('getToken')).value;
      const { sub } = await authress.verify(token);
      const requests = watch(page, '/api/cart');
      const expected = { status: 200, body: { userId: sub, items: [], totalCents: 0 } };
      assert.deepEqual(await fetchOn(page, '/api/cart'), expected);
      assert.deepEqual(await fetchOn(page, `${stack.shopUrl}/api/cart`), expected);
      for (const request of requests) assert.equal(await bearer(request), `Bearer ${token}`);
      assert.equal(requests.length, 2);
      const changed = await fetchOn(page, '/api/cart/items/mug', put(2));
      assert.deepEqual(
        changed.body.items.map(({ productId, quantity }) => [productId, quantity]),
        [['mug', 2]],
      );
      assert.equal((await fetchOn(page, '/api/cart/items/nothing', put(2))).status, 404, 'other answers are passed on');
    });

    story(`sends nothing where the token must not go (${topology})`, async ({ shop, stack, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
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

    story(`sends it to the named origins as well (${topology})`, async ({ shop, authress, stack }) => {
      const tokenOrigins = [stack.sandboxUrl, stack.shopUrl.replace(/^https:/, 'http:')];
      const page = new BarePage(shop, { settings: { tokenOrigins } });
      await page.open();
      await page.startAnonymous();
      const { sub } = await authress.verify((await page.call('getToken')).value);
      const { status, body } = await fetchOn(page, `${stack.sandboxUrl}/api/session/profile`);
      assert.deepEqual([status, body.userId], [200, sub]);
      if (topology === 'localhost') return;
      const insecure = await fetchOn(page, tokenOrigins[1]);
      assert.equal(insecure.error.code, 'OriginNotAllowed', 'what came over https does not leave over http');
    });

    story(`without a session says so and sends nothing (${topology})`, async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      const requests = watch(page, '/api/cart');
      assert.deepEqual(await fetchOn(page, '/api/cart'), {
        error: { name: 'LoginError', code: 'NotLoggedIn', isLoginError: true },
      });
      assert.equal(requests.length, 0);
      await page.startAnonymous();
      assert.equal((await fetchOn(page, '/api/cart')).status, 200);
    });
  });
}

/** Makes the access token one that is refused: its signature does not fit. */
async function spoilToken({ context, stack }) {
  const cookies = await context.cookies(stack.shopUrl);
  const cookie = cookies.find(({ name }) => name === 'authorization');
  const [header, claims, signature] = cookie.value.split('.');
  const value = [header, claims, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
  await context.addCookies([{ ...cookie, value }]);
  return value;
}

describe('a token that is not accepted', () => {
  const story = stories('https');

  story('is renewed, and the request sent once more with its body', { needs: ['request bodies'] }, async (cast) => {
    const { shop, authress } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    const spoilt = await spoilToken(cast);
    assert.equal((await page.call('getToken')).value, spoilt);
    await authress.clearLog();
    const requests = watch(page, '/api/cart/items/vase');
    const { status, body } = await fetchOn(page, '/api/cart/items/vase', put(3));
    assert.deepEqual([status, body.userId, body.items[0].quantity], [200, sub, 3]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
    assert.equal(requests.length, 2);
    assert.equal(await bearer(requests[0]), `Bearer ${spoilt}`);
    const token = (await page.call('getToken')).value;
    assert.equal(await bearer(requests[1]), `Bearer ${token}`);
    assert.deepEqual(
      requests.map((request) => request.postData()),
      Array(2).fill(JSON.stringify({ quantity: 3 })),
    );
    assert.equal((await authress.verify(token)).sub, sub);
  });

  story('is renewed once for several requests', async (cast) => {
    const { shop, authress, page: tab } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await authress.clearLog();
    const statuses = await tab.evaluate(async () => {
      const answers = [1, 2, 3].map(() => window.login.fetch('/api/cart'));
      return (await Promise.all(answers)).map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200, 200]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
  });

  story('is given up after the second refusal', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await authress.clearLog();
    // An API that accepts nobody.
    await tab.route('**/api/cart', (route) => route.fulfill({ status: 401, json: { code: 'Never' } }));
    const requests = watch(page, '/api/cart');
    assert.deepEqual(await fetchOn(page, '/api/cart'), { status: 401, body: { code: 'Never' } });
    assert.equal(requests.length, 2);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
  });

  story('stays the answer where Authress cannot renew it', async (cast) => {
    const { shop, authress, context } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await context.clearCookies({ name: 'authress-session' });
    const requests = watch(page, '/api/cart');
    const { status, body } = await fetchOn(page, '/api/cart');
    assert.deepEqual([status, body.errorCode], [401, 'TokenInvalidSignature']);
    assert.equal(requests.length, 1);
    assert.equal((await authress.requests()).at(-1), 'PATCH /api/session');
  });

  story('out of reach of scripts goes along by itself', async ({ shop, context, stack, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    // As Authress sets it for applications that are not to see it.
    const cookie = (await context.cookies(stack.shopUrl)).find(({ name }) => name === 'authorization');
    await context.addCookies([{ ...cookie, httpOnly: true }]);
    await tab.evaluate(() => {
      const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
      localStorage.AuthenticationCredentialsStorage = JSON.stringify({ ...record, jsCookies: false });
    });
    assert.deepEqual(await page.call('getToken'), { value: null });
    const requests = watch(page, '/api/products');
    assert.equal((await fetchOn(page, '/api/products')).status, 200);
    const headers = await requests[0].allHeaders();
    assert.equal(headers.authorization, undefined);
    assert.ok(headers.cookie.includes(cookie.value), 'the browser sends it');
  });
});

describe('a request that is given up', () => {
  const story = stories('https');

  /** Begins `fetch` with a signal; its outcome goes to `window.outcome`. */
  const begin = (page) =>
    page.page.evaluate(() => {
      window.abort = new AbortController();
      window.outcome = null;
      window.login.fetch('/api/cart', { signal: window.abort.signal }).then(
        () => {
          window.outcome = 'answered';
        },
        (error) => {
          window.outcome = [error === window.abort.signal.reason, error.name];
        },
      );
    });
  const outcome = (page) => page.page.evaluate(() => window.outcome);

  story(
    'is ended while it is on its way, and says so in the browser’s own words',
    { needs: ['held requests'] },
    async ({ shop, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
      let answer;
      await tab.route('**/api/cart', (route) => {
        answer = () => route.continue();
      });
      await begin(page);
      await until(() => Boolean(answer), true);
      const failed = tab.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/cart'));
      await tab.evaluate(() => window.abort.abort());
      await failed;
      assert.deepEqual(await outcome(page), [true, 'AbortError']);
      await tab.unroute('**/api/cart');
      assert.equal((await fetchOn(page, '/api/cart')).status, 200, 'the next one is another matter');
    },
  );

  story('is not sent again when the token has been renewed', async (cast) => {
    const { shop, authress, page: tab } = cast;
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await spoilToken(cast);
    await authress.clearLog();
    const requests = watch(page, '/api/cart');
    await authress.delay('PATCH', '/api/session', 2_000);
    const renewal = tab.waitForRequest((request) => request.method() === 'PATCH');
    const renewed = tab.waitForResponse((response) => response.request().method() === 'PATCH');
    await begin(page);
    await renewal;
    await tab.evaluate(() => window.abort.abort());
    await until(() => outcome(page), [true, 'AbortError']);
    await renewed;
    await authress.verify((await page.call('getToken')).value);
    assert.equal(requests.length, 1);
  });

  story('is not even begun with a signal that is aborted already', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const requests = watch(page, '/api/cart');
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
