// Errors of loading the module: each explains the cause and what to do. The page and its server belong to this file, so that
// they can fail in every way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { launch } from './support/browser.mjs';
import { PATIENCE_MS } from './support/limits.mjs';
import { portOf } from './support/ports.mjs';
import { workspace } from './support/stack.mjs';

/**
 * @import { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
 * @import { Page } from 'playwright-core'
 */

/** @typedef {(response: ServerResponse, request: IncomingMessage) => unknown} Handler */

/** @type {(file: string) => Buffer} */
const dist = (file) => readFileSync(`${workspace}pkg/dist/${file}`);
const CORE = 'authress_login_wasm_bg.wasm';
const LONGEST_MESSAGE = 500;
const WASM = { 'content-type': 'application/wasm' };

const HTML = '<script type="module">import * as it from "/dist/index.js"; window.it = it;</script>';

/** A server of a page and of the package's files. */
class Site {
  /**
   * Handlers that replace files, by their paths.
   * @type {Map<string, Handler>}
   */
  files = new Map();
  /**
   * Headers of the page.
   * @type {OutgoingHttpHeaders}
   */
  headers = {};
  /**
   * The paths that were requested.
   * @type {string[]}
   */
  requested = [];
  html = HTML;
  origin = '';
  #server = createServer((request, response) => this.#respond(request, response));

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.origin = `http://127.0.0.1:${portOf(this.#server)}`;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  reset() {
    Object.assign(this, { files: new Map(), headers: {}, requested: [], html: HTML });
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @returns {unknown}
   */
  #respond(request, response) {
    const { pathname } = new URL(request.url ?? '', this.origin);
    this.requested.push(pathname);
    const handler = this.files.get(pathname);
    if (handler) return handler(response, request);
    if (pathname === '/')
      return response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...this.headers })
        .end(`<!doctype html><title>Shop</title>${this.html}`);
    if (!pathname.startsWith('/dist/'))
      return response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>');
    const type = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    return response
      .writeHead(200, { 'content-type': type, 'cache-control': 'max-age=600' })
      .end(dist(pathname.slice('/dist/'.length)));
  }
}

/** @type {(status?: number) => Handler} */
const html =
  (status = 200) =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Shop</title>');

/**
 * Starts two sites and a browser for a block of tests.
 * @returns what the tests need: the `site`, another one `elsewhere`, and `withPage`, which opens the site
 */
function setUp() {
  const [site, elsewhere] = [new Site(), new Site()];
  /** @type {import('./support/browser.mjs').Browser | undefined} */
  let browser;
  before(async () => {
    await Promise.all([site.start(), elsewhere.start()]);
    browser = await launch({ browserArgs: [] });
  });
  after(async () => {
    await browser?.close();
    site.stop();
    elsewhere.stop();
  });
  beforeEach(() => {
    for (const server of [site, elsewhere]) server.reset();
  });

  /**
   * @template Result
   * @param {(tab: { page: Page, warnings: string[] }) => Promise<Result>} work
   * @param {() => void} [init] runs before the page's own scripts
   * @returns {Promise<Result>}
   */
  async function withPage(work, init) {
    assert.ok(browser);
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const page = await context.newPage();
      /** @type {string[]} */
      const warnings = [];
      page.on('console', (message) => {
        if (message.type() === 'warning') warnings.push(message.text());
      });
      if (init) await page.addInitScript(init);
      await page.goto(`${site.origin}/`);
      await page.waitForFunction(() => window.it ?? window.AuthressLogin);
      return await work({ page, warnings });
    } finally {
      await context.close();
    }
  }

  return { site, elsewhere, withPage };
}

describe('a module that does not load', () => {
  const { site, elsewhere, withPage } = setUp();

  /**
   * Opens the page.
   * @template Result
   * @param {(tab: { page: Page, load: (source?: string) => Promise<string | null> }) => Promise<Result>} work gets
   * `load`, which loads the module and returns the message of the error, null if there is none
   */
  const onPage = (work) =>
    withPage(async ({ page }) => {
      /** @type {(source?: string) => Promise<string | null>} */
      const load = async (source) => {
        const error = await page.evaluate(
          (from) =>
            (window.it ?? window.AuthressLogin).initWasm(from).then(
              () => null,
              (/** @type {any} */ { code, message }) => ({ code, message }),
            ),
          source,
        );
        if (!error) return null;
        assert.equal(error.code, 'ModuleLoadFailed', error.message);
        assert.ok(error.message.length <= LONGEST_MESSAGE, `${error.message.length} characters`);
        return error.message;
      };
      return await work({ page, load });
    });

  /**
   * Loads the module, which must fail.
   * @param {(source?: string) => Promise<string | null>} load
   * @param {string} [source]
   */
  const failure = async (load, source) => {
    const message = await load(source);
    assert.ok(message, 'the module is not loaded');
    return message;
  };

  /** @param {string} connect */
  const policy = (connect) => ({
    'content-security-policy': `script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src ${connect}`,
  });

  test('because of the page’s policy: the message names the source to add', () => {
    site.headers = policy('https://login.example.com');
    return onPage(async ({ load }) => {
      assert.match(
        await failure(load),
        /authress_login_wasm_bg\.wasm could not be fetched: the page's Content-Security-Policy forbids it\. Add 'self' to connect-src\./,
      );
      assert.match(
        await failure(load, `${elsewhere.origin}/dist/${CORE}`),
        new RegExp(`Add ${elsewhere.origin} to connect-src`),
      );
    });
  });

  test('because of a policy, from a data: URL: the message is short', () => {
    site.headers = policy("'self'");
    return onPage(async ({ load }) => {
      const message = await failure(load, `data:application/wasm;base64,${dist(CORE).toString('base64')}`);
      assert.match(message, /the data: URL of the module could not be fetched.*Add data: to connect-src/);
      assert.doesNotMatch(message, /base64/);
    });
  });

  test('without CORS: the message names the missing header', () =>
    onPage(async ({ load }) => {
      assert.match(
        await failure(load, `${elsewhere.origin}/dist/${CORE}`),
        /does not let this page read it\. Send Access-Control-Allow-Origin/,
      );
      elsewhere.files.set(`/dist/${CORE}`, (response) =>
        response.writeHead(200, { ...WASM, 'access-control-allow-origin': '*' }).end(dist(CORE)),
      );
      assert.equal(await load(`${elsewhere.origin}/dist/${CORE}`), null);
    }));

  test('without a server: the message is to check the connection', () =>
    onPage(async ({ load }) => {
      const stopped = await new Site().start();
      stopped.stop();
      assert.match(await failure(load, `${stopped.origin}/${CORE}`), /could not be fetched\. Check the connection/);
    }));

  test('at first, because the connection was closed, is requested again', () => {
    let times = 0;
    site.files.set(`/dist/${CORE}`, (response, request) => {
      times += 1;
      if (times === 1) request.socket.destroy();
      else response.writeHead(200, WASM).end(dist(CORE));
    });
    return onPage(async ({ load }) => {
      assert.equal(await load(), null);
      assert.ok(times >= 2);
    });
  });

  test('at first, because its JavaScript was not loaded, is requested again', () => {
    let times = 0;
    site.files.set('/dist/module.js', (response, request) => {
      times += 1;
      if (times === 1) return html(503)(response, request);
      return response.writeHead(200, { 'content-type': 'text/javascript' }).end(dist('module.js'));
    });
    return onPage(async ({ load }) => {
      assert.equal(await load(), null);
      assert.equal(times, 2);
    });
  });

  test('because its JavaScript is missing: the message is to reload, and a later call loads it', () => {
    site.files.set('/dist/module.js', html(404));
    return onPage(async ({ page, load }) => {
      assert.match(
        await failure(load),
        /module\.js\. Reload the page: the site may have a new version\. Serve all files/,
      );
      site.files.delete('/dist/module.js');
      await page.waitForFunction(() =>
        window.it.initWasm().then(
          () => true,
          () => false,
        ),
      );
    });
  });

  test('because its JavaScript is of another build: the message is to reload', () => {
    const other = dist('module.js')
      .toString()
      .replace(/"[0-9a-f]{8}"/, '"00000000"');
    site.files.set('/dist/module.js', (response) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(other),
    );
    return onPage(async ({ load }) => {
      assert.match(await failure(load), /index\.js and module\.js are of two builds\. Reload the page/);
    });
  });

  test('from a development server of Vite: the message names the setting', () =>
    onPage(async ({ load }) => {
      site.files.set(`/node_modules/.vite/deps/${CORE}`, html());
      assert.match(
        await failure(load, `${site.origin}/node_modules/.vite/deps/${CORE}?v=1234`),
        /text\/html, which is no WebAssembly module\. In Vite add authress-login-wasm to optimizeDeps\.exclude/,
      );
    }));

  test('because the file is an HTML page: the message names the files to serve', () =>
    onPage(async ({ load }) => {
      site.files.set(`/dist/${CORE}`, html());
      assert.match(
        await failure(load),
        /status 200 and text\/html, which is no WebAssembly module\. Serve all files of the package's dist, or import authress-login-wasm\/inline/,
      );
      site.files.set(`/dist/${CORE}`, html(404));
      assert.match(await failure(load), /status 404 and text\/html\. Serve all files/);
    }));

  test('from a long address: the message has no query and the end of the path only', () =>
    onPage(async ({ load }) => {
      const message = await failure(load, `${site.origin}/${'folder/'.repeat(200)}module.wasm?token=secret#part`);
      assert.match(message, /…\S{150} returned status 404/);
      assert.doesNotMatch(message, /secret/);
    }));

  for (const [what, files] of Object.entries({ 'missing (404)': html(404), 'an HTML page': html(200) })) {
    test(`late, because a file is ${what} since a deployment: the message is to reload, and listeners get an event`, () =>
      onPage(async ({ page, load }) => {
        assert.equal(await load(), null);
        site.files.set('/dist/account_bg.wasm', files);
        const outcome = await page.evaluate(async () => {
          const login = new window.it.LoginClient({
            authressApiUrl: location.origin,
            applicationId: 'app_shop',
            skipBackgroundCredentialsCheck: true,
          });
          /** @type {string[]} */
          const events = [];
          login.subscribe((/** @type {any} */ { type, error }) => {
            if (type === 'load-failed') events.push(error.message);
          });
          /** @type {(call: Promise<unknown>) => Promise<any>} */
          const errorOf = (call) =>
            call.then(
              () => null,
              ({ code, message }) => ({ code, message }),
            );
          return {
            first: await errorOf(login.getUserProfile()),
            second: await errorOf(login.getDevices()),
            events,
          };
        });
        for (const { code, message } of [outcome.first, outcome.second]) {
          assert.equal(code, 'ModuleLoadFailed');
          assert.match(message, /Reload the page: the site may have a new version/);
        }
        assert.deepEqual(outcome.events, [outcome.first.message, outcome.second.message]);
      }));
  }

  /** @type {Handler} */
  const cutOff = (response) =>
    response.writeHead(200, { ...WASM, 'cache-control': 'max-age=600' }).end(dist(CORE).subarray(0, 20_000));
  /** @type {Handler} */
  const compressed = (response) => response.writeHead(200, WASM).end(brotliCompressSync(dist(CORE)));
  for (const [what, handler] of Object.entries({
    'cut off': cutOff,
    'brotli without its Content-Encoding': compressed,
  })) {
    test(`because the file is ${what}: the JavaScript form is not loaded, and a later call loads the file again`, () =>
      onPage(async ({ load }) => {
        site.files.set(`/dist/${CORE}`, handler);
        assert.match(await failure(load), /is cut off or changed\. Serve the file as it is, with its Content-Encoding/);
        site.files.delete(`/dist/${CORE}`);
        assert.equal(await load(), null, 'not from the cache');
        assert.ok(!site.requested.includes('/dist/fallback.js'));
      }));
  }

  test('and whose JavaScript form does not load either: the message names both remedies', () => {
    site.headers = { 'content-security-policy': "script-src 'self' 'unsafe-inline'" };
    site.files.set('/dist/fallback.js', html(404));
    return onPage(async ({ load }) => {
      assert.match(await failure(load), /Serve dist\/fallback\.js too, or allow 'wasm-unsafe-eval' in script-src/);
    });
  });

  test('because the script has no address: the message names the function to call', async () => {
    site.files.set('/loader.js', (response) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
      fetch('/dist/script.js').then((response) => response.text()).then((code) => { setTimeout(() => { const script = document.createElement('script'); script.textContent = code; document.head.append(script); }); });`),
    );
    site.html = '<script src="/loader.js"></script>';
    await onPage(async ({ load }) => {
      assert.match(await failure(load), /the script has no address of its own.*AuthressLogin\.initWasm\(url\)/);
    });
  });
});

describe('a module that loads', () => {
  const { site, withPage } = setUp();

  /**
   * Loads the module on a page.
   * @param {() => void} [init] runs before the page's own scripts
   * @returns {Promise<string[]>} the warnings
   */
  const loaded = (init) =>
    withPage(async ({ page, warnings }) => {
      const failure = await page.evaluate(() =>
        (window.it ?? window.AuthressLogin).initWasm().then(
          () => null,
          (/** @type {Error} */ { message }) => message,
        ),
      );
      assert.equal(failure, null);
      return warnings;
    }, init);

  test('with a fetch that returns a proxy of the response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        window.fetch = async (...values) =>
          new Proxy(await fetch(...values), {
            get: (/** @type {any} */ response, name) =>
              typeof response[name] === 'function' ? response[name].bind(response) : response[name],
          });
      }),
      [],
    );
  });

  test('with a fetch that returns an object like a response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        const likeFetch = async (/** @type {Parameters<typeof fetch>} */ ...values) => {
          const { status, ok, headers, ...rest } = await fetch(...values).then(async (response) => ({
            status: response.status,
            ok: response.ok,
            headers: response.headers,
            bytes: await response.arrayBuffer(),
          }));
          return { status, ok, headers, bodyUsed: false, arrayBuffer: async () => rest.bytes };
        };
        Object.assign(window, { fetch: likeFetch });
      }),
      [],
    );
  });

  test('in a browser without compileStreaming, without a warning', async () => {
    assert.deepEqual(
      await loaded(() => {
        delete (/** @type {{ compileStreaming?: unknown }} */ (WebAssembly).compileStreaming);
      }),
      [],
    );
  });

  for (const type of ['Application/WASM', 'application/wasm; charset=utf-8']) {
    test(`with the type ${type}, without a warning`, async () => {
      site.files.set(`/dist/${CORE}`, (response) => response.writeHead(200, { 'content-type': type }).end(dist(CORE)));
      assert.deepEqual(await loaded(), []);
    });
  }

  for (const address of ['/npm/authress-login-wasm', '/authress-login-wasm@0.1.0']) {
    test(`with a script at the package’s bare address, ${address}`, async () => {
      /** @type {(response: ServerResponse, name: string) => unknown} */
      const file = (response, name) =>
        response
          .writeHead(200, { 'content-type': name.endsWith('.js') ? 'text/javascript' : 'application/wasm' })
          .end(dist(name));
      site.files.set(address, (response) => file(response, 'script.js'));
      for (const name of [CORE, 'module.js', 'fallback.js'])
        site.files.set(`${address}/dist/${name}`, (response) => file(response, name));
      site.html = `<script src="${address}"></script>`;
      await loaded();
      assert.ok(site.requested.includes(`${address}/dist/${CORE}`));
      // And in a browser without WebAssembly.
      await loaded(() => {
        delete (/** @type {{ WebAssembly?: unknown }} */ (window).WebAssembly);
      });
      assert.ok(site.requested.includes(`${address}/dist/fallback.js`));
    });
  }
});

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
