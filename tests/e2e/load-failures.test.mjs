// Errors of loading the module: each explains the cause and what to do.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { CORE, dist, html, Site, setUp, WASM } from './support/package-site.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Handler } from './support/package-site.mjs'
 */

const LONGEST_MESSAGE = 500;

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
        assert.match(
          await failure(load),
          /its bytes are not those of this script's build \(integrity\): changed, cut off/,
        );
        site.files.delete(`/dist/${CORE}`);
        assert.equal(await load(), null, 'not from the cache');
        assert.ok(!site.requested.includes('/dist/fallback.js'));
      }));
  }

  for (const file of [CORE, 'account_bg.wasm']) {
    test(`because one byte of ${file} has changed: the message says so, and nothing of it runs`, () =>
      onPage(async ({ page, load }) => {
        const changed = dist(file);
        changed[Math.floor(changed.length / 2)] ^= 1;
        /** @type {Handler} */
        const handler = (response) => response.writeHead(200, { ...WASM, 'cache-control': 'max-age=600' }).end(changed);
        site.files.set(`/dist/${file}`, handler);
        const callAccount = () =>
          page.evaluate(() => {
            const login = new window.it.LoginClient({
              authressApiUrl: location.origin,
              skipBackgroundCredentialsCheck: true,
            });
            return login.getDevices().then(
              () => '',
              (/** @type {any} */ { code, message }) => `${code}: ${message}`,
            );
          });
        const message = await (file === CORE ? failure(load) : callAccount());
        assert.match(message, new RegExp(`${file} returned status 200 .* \\(integrity\\): changed`));
        assert.ok(message.length <= LONGEST_MESSAGE, `${message.length} characters`);
        site.files.delete(`/dist/${file}`);
        assert.equal(await callAccount(), '', 'a later call loads the file again, not from the cache');
      }));
  }

  for (const file of ['module.js', 'fallback.js']) {
    test(`because ${file} has changed: script.js does not run it, and the message says so`, () => {
      site.html = '<script src="/dist/script.js"></script>';
      if (file === 'fallback.js')
        site.headers = { 'content-security-policy': "script-src 'self' 'unsafe-inline'; connect-src 'self'" };
      site.files.set(`/dist/${file}`, (response) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(`window.hasRun = true;${dist(file)}`),
      );
      return onPage(async ({ page, load }) => {
        const name = file.replace('.', '\\.');
        assert.match(
          await failure(load),
          new RegExp(`${name} has other bytes than those of this script's build \\(integrity\\)`),
        );
        assert.equal(await page.evaluate(() => window.hasRun), undefined);
        site.files.delete(`/dist/${file}`);
        assert.equal(await load(), null, 'a later call loads the file again');
      });
    });
  }

  test('because module.js has changed: index.js as it is published does not run it either', () => {
    const folder = '/authress-login-wasm/dist';
    site.html = `<script type="module">import * as it from "${folder}/index.js"; window.it = it;</script>`;
    for (const file of ['index.js', 'module.js', CORE]) {
      site.files.set(`${folder}/${file}`, (response) =>
        response
          .writeHead(200, { 'content-type': file.endsWith('.js') ? 'text/javascript' : 'application/wasm' })
          .end(file === 'module.js' ? `window.hasRun = true;${dist(file)}` : dist(file)),
      );
    }
    return onPage(async ({ page, load }) => {
      assert.match(await failure(load), /module\.js has other bytes than those of this script's build \(integrity\)/);
      assert.equal(await page.evaluate(() => window.hasRun), undefined);
    });
  });

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
