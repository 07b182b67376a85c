// Why the module could not be loaded, and what to do: a page of its own on a server of its own, which can do everything wrong.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { launch } from './support/browser.mjs';
import { workspace } from './support/stack.mjs';

const dist = (file) => readFileSync(`${workspace}pkg/dist/${file}`);
const CORE = 'authress_login_wasm_bg.wasm';
const LONGEST_MESSAGE = 500;
const WASM = { 'content-type': 'application/wasm' };

/** A server of pages and of the package's files; `files` has what takes the place of them: path to `(response) => …`. */
class Site {
  files = new Map();
  headers = {};
  requested = [];
  html = '<script type="module">import * as it from "/dist/index.js"; window.it = it;</script>';

  async start() {
    this.server = createServer((request, response) => this.#answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    this.requested.push(pathname);
    if (this.files.has(pathname)) return this.files.get(pathname)(response, request);
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

const html =
  (status = 200) =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Shop</title>');

describe('a module that does not load', () => {
  let site;
  let elsewhere;
  let browser;
  before(async () => {
    [site, elsewhere] = await Promise.all([new Site().start(), new Site().start()]);
    browser = await launch({ browserArgs: [] });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    elsewhere?.stop();
  });
  beforeEach(() => {
    for (const server of [site, elsewhere])
      Object.assign(server, { files: new Map(), headers: {}, requested: [], html: new Site().html });
  });

  /** Opens the page and runs `work` with it: `{page, warnings, load}`. */
  async function onPage(work, init) {
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const warnings = [];
      page.on('console', (message) => {
        if (message.type() === 'warning') warnings.push(message.text());
      });
      if (init) await page.addInitScript(init);
      await page.goto(`${site.origin}/`);
      await page.waitForFunction(() => window.it ?? window.AuthressLogin);
      /** Null, or the message of the error. */
      const load = async (source) => {
        const error = await page.evaluate(
          (source) =>
            (window.it ?? window.AuthressLogin).initWasm(source).then(
              () => null,
              ({ code, message }) => ({ code, message }),
            ),
          source,
        );
        if (!error) return null;
        assert.equal(error.code, 'ModuleLoadFailed', error.message);
        assert.ok(error.message.length <= LONGEST_MESSAGE, `${error.message.length} characters`);
        return error.message;
      };
      return await work({ page, warnings, load });
    } finally {
      await context.close();
    }
  }

  const policy = (connect) => ({
    'content-security-policy': `script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src ${connect}`,
  });

  test('for the page’s policy names it and the source to add', () => {
    site.headers = policy('https://login.example.com');
    return onPage(async ({ load }) => {
      assert.match(
        await load(),
        /authress_login_wasm_bg\.wasm could not be fetched: the page's Content-Security-Policy forbids it\. Add 'self' to connect-src\./,
      );
      assert.match(
        await load(`${elsewhere.origin}/dist/${CORE}`),
        new RegExp(`Add ${elsewhere.origin} to connect-src`),
      );
    });
  });

  test('for a policy that has an inlined file in a data: URL is a short message', () => {
    site.headers = policy("'self'");
    return onPage(async ({ load }) => {
      const message = await load(`data:application/wasm;base64,${dist(CORE).toString('base64')}`);
      assert.match(message, /the data: URL of the module could not be fetched.*Add data: to connect-src/);
      assert.doesNotMatch(message, /base64/);
    });
  });

  test('for want of CORS says which header is missing', () =>
    onPage(async ({ load }) => {
      assert.match(
        await load(`${elsewhere.origin}/dist/${CORE}`),
        /does not let this page read it\. Send Access-Control-Allow-Origin/,
      );
      elsewhere.files.set(`/dist/${CORE}`, (response) =>
        response.writeHead(200, { ...WASM, 'access-control-allow-origin': '*' }).end(dist(CORE)),
      );
      assert.equal(await load(`${elsewhere.origin}/dist/${CORE}`), null);
    }));

  test('because there is no server says to check the connection', () =>
    onPage(async ({ load }) => {
      const gone = await new Site().start();
      gone.stop();
      assert.match(await load(`${gone.origin}/${CORE}`), /could not be fetched\. Check the connection/);
    }));

  test('for one request that was cut off loads, since the request is sent again', () => {
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

  test('for one failed request for its JavaScript loads, since that is imported again', () => {
    let times = 0;
    site.files.set('/dist/module.js', (response) => {
      times += 1;
      if (times === 1) return html(503)(response);
      return response.writeHead(200, { 'content-type': 'text/javascript' }).end(dist('module.js'));
    });
    return onPage(async ({ load }) => {
      assert.equal(await load(), null);
      assert.equal(times, 2);
    });
  });

  test('because its JavaScript is gone says to reload, and loads once it is there', () => {
    site.files.set('/dist/module.js', html(404));
    return onPage(async ({ page, load }) => {
      assert.match(await load(), /module\.js\. Reload the page: the site may have a new version\. Serve all files/);
      site.files.delete('/dist/module.js');
      await page.waitForFunction(() =>
        window.it.initWasm().then(
          () => true,
          () => false,
        ),
      );
    });
  });

  test('of another build than its JavaScript says so', () => {
    const other = dist('module.js')
      .toString()
      .replace(/"[0-9a-f]{8}"/, '"00000000"');
    site.files.set('/dist/module.js', (response) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(other),
    );
    return onPage(async ({ load }) => {
      assert.match(await load(), /index\.js and module\.js are of two builds\. Reload the page/);
    });
  });

  test('from a development server of Vite names the setting', () =>
    onPage(async ({ load }) => {
      site.files.set(`/node_modules/.vite/deps/${CORE}`, html());
      assert.match(
        await load(`${site.origin}/node_modules/.vite/deps/${CORE}?v=1234`),
        /text\/html, which is no WebAssembly module\. In Vite add authress-login-wasm to optimizeDeps\.exclude/,
      );
    }));

  test('because an HTML page stands in its place says what to serve', () =>
    onPage(async ({ load }) => {
      site.files.set(`/dist/${CORE}`, html());
      assert.match(
        await load(),
        /status 200 and text\/html, which is no WebAssembly module\. Serve all files of the package's dist, or import authress-login-wasm\/inline/,
      );
      site.files.set(`/dist/${CORE}`, html(404));
      assert.match(await load(), /status 404 and text\/html\. Serve all files/);
    }));

  test('shows no query and little of a long address', () =>
    onPage(async ({ load }) => {
      const message = await load(`${site.origin}/${'folder/'.repeat(200)}module.wasm?token=secret#part`);
      assert.match(message, /…\S{150} answered with status 404/);
      assert.doesNotMatch(message, /secret/);
    }));

  for (const [what, files] of Object.entries({ 'gone (404)': html(404), 'the site’s page by now': html(200) })) {
    test(`late, in a tab whose files are ${what}, says to reload, and listeners hear of it`, () =>
      onPage(async ({ page, load }) => {
        assert.equal(await load(), null);
        site.files.set('/dist/account_bg.wasm', files);
        const seen = await page.evaluate(async () => {
          const login = new window.it.LoginClient({
            authressApiUrl: location.origin,
            applicationId: 'app_shop',
            skipBackgroundCredentialsCheck: true,
          });
          const events = [];
          login.subscribe(({ type, error }) => {
            if (type === 'load-failed') events.push(error.message);
          });
          const fails = (call) =>
            call.then(
              () => null,
              ({ code, message }) => ({ code, message }),
            );
          return {
            first: await fails(login.getUserProfile()),
            second: await fails(login.getDevices()),
            events,
          };
        });
        for (const { code, message } of [seen.first, seen.second]) {
          assert.equal(code, 'ModuleLoadFailed');
          assert.match(message, /Reload the page: the site may have a new version/);
        }
        assert.deepEqual(seen.events, [seen.first.message, seen.second.message]);
      }));
  }

  const cutOff = (response) =>
    response.writeHead(200, { ...WASM, 'cache-control': 'max-age=600' }).end(dist(CORE).subarray(0, 20_000));
  const compressed = (response) => response.writeHead(200, WASM).end(brotliCompressSync(dist(CORE)));
  for (const [what, answer] of Object.entries({ 'cut off': cutOff, 'brotli that does not say so': compressed })) {
    test(`because it is ${what} is no reason for the JavaScript form, and is asked for anew`, () =>
      onPage(async ({ load }) => {
        site.files.set(`/dist/${CORE}`, answer);
        assert.match(await load(), /is cut off or changed\. Serve the file as it is, with its Content-Encoding/);
        site.files.delete(`/dist/${CORE}`);
        assert.equal(await load(), null, 'the cache is left out');
        assert.ok(!site.requested.includes('/dist/fallback.js'));
      }));
  }

  test('and whose JavaScript form does not load either says so', () => {
    site.headers = { 'content-security-policy': "script-src 'self' 'unsafe-inline'" };
    site.files.set('/dist/fallback.js', html(404));
    return onPage(async ({ load }) => {
      assert.match(await load(), /Serve dist\/fallback\.js too, or allow 'wasm-unsafe-eval' in script-src/);
    });
  });

  test('for a script without an address says what to call', async () => {
    site.files.set('/loader.js', (response) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
      fetch('/dist/script.js').then((response) => response.text()).then((code) => { setTimeout(() => { const script = document.createElement('script'); script.textContent = code; document.head.append(script); }); });`),
    );
    site.html = '<script src="/loader.js"></script>';
    await onPage(async ({ load }) => {
      assert.match(await load(), /the script has no address of its own.*AuthressLogin\.initWasm\(url\)/);
    });
  });
});

describe('a module that loads', () => {
  let site;
  let browser;
  before(async () => {
    site = await new Site().start();
    browser = await launch({ browserArgs: [] });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
  });
  beforeEach(() => Object.assign(site, { files: new Map(), headers: {}, requested: [], html: new Site().html }));

  async function loaded(init) {
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const warnings = [];
      page.on('console', (message) => {
        if (message.type() === 'warning') warnings.push(message.text());
      });
      if (init) await page.addInitScript(init);
      await page.goto(`${site.origin}/`);
      await page.waitForFunction(() => window.it ?? window.AuthressLogin);
      const failure = await page.evaluate(() =>
        (window.it ?? window.AuthressLogin).initWasm().then(
          () => null,
          ({ message }) => message,
        ),
      );
      assert.equal(failure, null);
      return warnings;
    } finally {
      await context.close();
    }
  }

  test('through a fetch that gives a proxy of the response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        window.fetch = async (...values) =>
          new Proxy(await fetch(...values), {
            get: (response, name) =>
              typeof response[name] === 'function' ? response[name].bind(response) : response[name],
          });
      }),
      [],
    );
  });

  test('through a fetch that gives what only looks like a response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        window.fetch = async (...values) => {
          const { status, ok, headers, ...rest } = await fetch(...values).then(async (response) => ({
            status: response.status,
            ok: response.ok,
            headers: response.headers,
            bytes: await response.arrayBuffer(),
          }));
          return { status, ok, headers, bodyUsed: false, arrayBuffer: async () => rest.bytes };
        };
      }),
      [],
    );
  });

  test('in a browser without compileStreaming, without a warning', async () => {
    assert.deepEqual(
      await loaded(() => {
        delete WebAssembly.compileStreaming;
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
        delete window.WebAssembly;
      });
      assert.ok(site.requested.includes(`${address}/dist/fallback.js`));
    });
  }
});

describe('the state of a page whose module does not load', () => {
  let site;
  let browser;
  before(async () => {
    site = await new Site().start();
    browser = await launch({ browserArgs: [] });
  });
  after(async () => {
    await browser?.close();
    site?.stop();
  });
  beforeEach(() => Object.assign(site, { files: new Map(), headers: {}, requested: [], html: new Site().html }));

  /** Runs in the page: a session as the client stores it. */
  const storeSession = () => {
    const base64url = (value) =>
      btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const token = (more) =>
      `${base64url({ typ: 'at+jwt' })}.${base64url({ iss: location.origin, sub: 'user_1', client_id: 'app_shop', exp: Math.floor(Date.now() / 1000) + 3600, ...more })}.c2ln`;
    localStorage.setItem(
      'AuthenticationCredentialsStorage',
      JSON.stringify({ idToken: token({ name: 'Ada' }), expiry: Date.now() + 3_600_000, jsCookies: true }),
    );
    document.cookie = `authorization=${token()}; Path=/`;
  };

  /** Runs in the page: a record that only the module can judge. */
  const storeDoubt = () => localStorage.setItem('AuthenticationCredentialsStorage', '{');

  /** Runs `work` on a page where `store` has stored something. */
  async function tell(store, work) {
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      await page.goto(`${site.origin}/`);
      await page.waitForFunction(() => window.it);
      if (store) await page.evaluate(store);
      await page.evaluate(() => {
        window.events = [];
        window.login = new window.it.LoginClient({
          authressApiUrl: location.origin,
          applicationId: 'app_shop',
          tokenOrigins: ['https://api.example.com'],
        });
        window.first = window.login.getSnapshot();
        window.login.subscribe(({ type }) => window.events.push([type, window.login.getSnapshot().status]));
      });
      return await work(page);
    } finally {
      await context.close();
    }
  }

  test('is signed out on a first visit, before and after the module is missed', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    await tell(undefined, async (page) => {
      assert.equal(await page.evaluate(() => window.first.status), 'signed-out');
      await page.waitForFunction(() => window.events.length > 1);
      assert.deepEqual(await page.evaluate(() => window.events), [
        ['ready', 'signed-out'],
        ['load-failed', 'signed-out'],
      ]);
    });
  });

  test('is signed out after an event where only the module can tell, which is asked for again later', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    await tell(storeDoubt, async (page) => {
      assert.equal(await page.evaluate(() => window.first.status), 'checking');
      await page.waitForFunction(() => window.events.length > 0);
      assert.deepEqual(await page.evaluate(() => window.events), [['load-failed', 'signed-out']]);
      site.files.delete(`/dist/${CORE}`);
      await page.evaluate(() => window.it.initWasm());
    });
  });

  test('is found out when the browser is online again', async () => {
    site.files.set(`/dist/${CORE}`, html(503));
    await tell(storeDoubt, async (page) => {
      await page.waitForFunction(() => window.events.length > 0);
      await page.evaluate(() => window.login.getLinkResult().catch(() => {}));
      site.files.delete(`/dist/${CORE}`);
      site.requested = [];
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.waitForFunction(() => window.events.at(-1)[0] === 'ready');
    });
  });

  test('is that of the stored session, at once and afterwards, and fetch sends its token', async () => {
    site.files.set(`/dist/${CORE}`, html(404));
    const authorized = [];
    site.files.set('/api/cart', (response, request) => {
      authorized.push(request.headers.authorization);
      response.writeHead(authorized.length === 1 ? 200 : 401, { 'content-type': 'text/plain' }).end('cart');
    });
    await tell(storeSession, async (page) => {
      const { status, userIdentity } = await page.evaluate(() => window.first);
      assert.deepEqual([status, userIdentity?.userId, userIdentity?.name], ['signed-in', 'user_1', 'Ada']);
      assert.ok(
        await page.evaluate(() => window.login.getSnapshot() === window.first),
        'one object until something changes',
      );
      await page.waitForFunction(() => window.events.length > 1);
      assert.deepEqual(await page.evaluate(() => window.events), [
        ['ready', 'signed-in'],
        ['load-failed', 'signed-in'],
      ]);
      const cart = () =>
        page.evaluate(async () => {
          const response = await window.login.fetch('/api/cart');
          return [response.status, await response.text()];
        });
      assert.deepEqual(await cart(), [200, 'cart']);
      assert.match(authorized[0], /^Bearer \S+\.\S+\.\S+$/);
      assert.deepEqual(await cart(), [401, 'cart'], 'there is no other token without the module');
      const code = await page.evaluate(() =>
        window.login.fetch('https://elsewhere.example.com/').catch(({ code }) => code),
      );
      assert.equal(code, 'ModuleLoadFailed', 'whether that may have the token only the module says');
    });
  });
});
