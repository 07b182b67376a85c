// Loading of the module: when, from where, and the errors if it cannot be loaded.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';
import { workspace } from './support/stack.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Cast } from './support/story.mjs'
 */

/** @typedef {{ code: string, message: string, cause: string, isLoginError: boolean }} LoadError */

const MODULE = '**/authress_login_wasm_bg.wasm';

/**
 * Records the names of the wasm files that a page requests.
 * @param {Page} page
 */
function recordWasm(page) {
  /** @type {string[]} */
  const files = [];
  page.on('request', (request) => {
    if (request.url().endsWith('.wasm')) files.push(fileOf(request.url()));
  });
  return files;
}

/** @type {(url: string) => string} */
const fileOf = (url) => new URL(url).pathname.split('/').at(-1) ?? '';

/**
 * The bytes of a file of the package as of another build, whose id is in the last bytes.
 * @param {string} file
 */
function otherBuild(file) {
  const bytes = readFileSync(`${workspace}pkg/dist/${file}`);
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

describe('the module', () => {
  const story = stories('localhost');

  /**
   * Opens a page that has the package and does nothing with it.
   * @param {Cast} cast
   */
  async function open({ page, stack }) {
    await page.route('**/app.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.goto(stack.shopUrl);
  }

  /**
   * The error of `initWasm`, null if it resolves.
   * @param {Page} page
   * @param {string} kind of the source
   * @param {string} [url]
   * @returns {Promise<LoadError | null>}
   */
  const initWasm = (page, kind, url = '/node_modules/authress-login-wasm/dist/authress_login_wasm_bg.wasm') =>
    page.evaluate(
      async ({ kind, url }) => {
        const { LoginError, initWasm } = await import('authress-login-wasm');
        const bytes = async () => (await fetch(url)).arrayBuffer();
        /** @type {Record<string, () => any>} */
        const sources = {
          default: () => undefined,
          url: () => new URL(url, location.href),
          bytes,
          view: async () => new Uint8Array(await bytes()),
          module: async () => WebAssembly.compile(await bytes()),
          promise: () => bytes(),
          noise: () => new TextEncoder().encode('<!doctype html>'),
          nothing: () => new ArrayBuffer(0),
        };
        try {
          await initWasm(kind === 'promise' ? sources[kind]() : await sources[kind]());
          return null;
        } catch (error) {
          const { code, message, cause } = error;
          return { code, message, cause: cause.message, isLoginError: error instanceof LoginError };
        }
      },
      { kind, url },
    );

  /**
   * Checks that an error explains why the module was not loaded.
   * @param {LoadError | null} error
   * @param {...RegExp} patterns
   */
  function explains(error, ...patterns) {
    assert.ok(error, 'the module is not loaded');
    assert.deepEqual([error.code, error.isLoginError], ['ModuleLoadFailed', true]);
    for (const pattern of patterns) {
      assert.match(error.message, pattern);
      assert.match(error.cause, pattern);
    }
  }

  story('is not loaded by an import, and once for any number of calls', async (cast) => {
    /** @type {string[]} */
    const requests = [];
    cast.page.on('request', (request) => requests.push(fileOf(request.url())));
    await open(cast);
    await cast.page.evaluate(() => import('authress-login-wasm').then(() => {}));
    assert.ok(requests.includes('index.js') && !requests.some((file) => file.endsWith('.wasm')));
    assert.deepEqual(await Promise.all([initWasm(cast.page, 'default'), initWasm(cast.page, 'default')]), [null, null]);
    assert.equal(requests.filter((file) => file.endsWith('.wasm')).length, 1);
  });

  story('is loaded although the page aborts the task that has started it', async (cast) => {
    await open(cast);
    const outcome = await cast.page.evaluate(async () => {
      const { initWasm } = await import('authress-login-wasm');
      // The Prioritized Task Scheduling API, which TypeScript's DOM library does not have.
      const { TaskController, scheduler } = window;
      const controller = new TaskController();
      /** @type {Promise<void> | undefined} */
      let loading;
      await scheduler.postTask(
        () => {
          loading = initWasm();
        },
        { signal: controller.signal },
      );
      controller.abort();
      return await loading?.then(
        () => 'loaded',
        (error) => error.code,
      );
    });
    assert.equal(outcome, 'loaded');
  });

  for (const kind of ['url', 'bytes', 'view', 'module', 'promise']) {
    story(`comes from the page’s own ${kind}`, async (cast) => {
      const bytes = readFileSync(`${workspace}pkg/dist/authress_login_wasm_bg.wasm`);
      await cast.page.route('**/elsewhere.wasm', (route) =>
        route.fulfill({ contentType: 'application/wasm', body: bytes }),
      );
      await cast.page.route(MODULE, (route) => route.abort());
      await open(cast);
      assert.equal(await initWasm(cast.page, kind, '/elsewhere.wasm'), null);
    });
  }

  story('that is an HTML page is an error, and is loaded by a later call', async (cast) => {
    const page = '<!doctype html><title>My shop</title>';
    await cast.page.route(MODULE, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: page }));
    await open(cast);
    explains(
      await initWasm(cast.page, 'default'),
      /authress_login_wasm_bg\.wasm/,
      /text\/html/,
      /no WebAssembly module/,
    );
    await cast.page.unroute(MODULE);
    assert.equal(await initWasm(cast.page, 'default'), null);
  });

  story('that is missing is an error', async (cast) => {
    await cast.page.route(MODULE, (route) =>
      route.fulfill({ status: 404, contentType: 'text/html', body: 'not found' }),
    );
    await open(cast);
    explains(await initWasm(cast.page, 'default'), /authress_login_wasm_bg\.wasm/, /status 404/);
    await cast.page.unroute(MODULE);
    await cast.page.route(MODULE, (route) => route.abort());
    explains(await initWasm(cast.page, 'default'), /authress_login_wasm_bg\.wasm could not be fetched/);
  });

  story('that is no WebAssembly is an error', async (cast) => {
    await open(cast);
    for (const kind of ['noise', 'nothing'])
      explains(await initWasm(cast.page, kind), /initWasm\(\) got bytes/, /no WebAssembly module/);
    assert.equal(await initWasm(cast.page, 'bytes'), null, 'another source is used after a failure');
  });

  story('of another build than the script is an error', async (cast) => {
    await cast.page.route(MODULE, (route) =>
      route.fulfill({ contentType: 'application/wasm', body: otherBuild('authress_login_wasm_bg.wasm') }),
    );
    await open(cast);
    explains(
      await initWasm(cast.page, 'default'),
      /authress_login_wasm_bg\.wasm .* \(integrity\): .* of another build/,
    );
  });

  story('that the page gives as bytes of another build is an error', async (cast) => {
    await cast.page.route('**/elsewhere.wasm', (route) =>
      route.fulfill({ contentType: 'application/wasm', body: otherBuild('authress_login_wasm_bg.wasm') }),
    );
    await open(cast);
    explains(await initWasm(cast.page, 'bytes', '/elsewhere.wasm'), /the core part .* two builds/);
  });

  story('is loaded with the wrong content type, and with a warning', async (cast) => {
    await cast.page.route(MODULE, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'application/octet-stream' } });
    });
    await open(cast);
    assert.equal(await initWasm(cast.page, 'default'), null);
    assert.ok(cast.consoleTexts.some((text) => /application\/octet-stream.*Serve it as application\/wasm/.test(text)));
  });
});

describe('a login', () => {
  const story = stories('localhost');

  story('needs only the core of the module, where it starts and on its callback URL', async ({ shop, page }) => {
    const files = recordWasm(page);
    await shop.open();
    await shop.addAnonymously('mug');
    assert.deepEqual([...new Set(files)], ['authress_login_wasm_bg.wasm']);
  });

  story('is completed by the next page if the module cannot be loaded on its callback URL', async ({ shop, page }) => {
    await shop.open();
    await page.evaluate(async () => (await import('authress-login-wasm')).initWasm());
    await page.route(MODULE, (route) => route.fulfill({ status: 404, contentType: 'text/html', body: 'not found' }));
    await shop.add('mug');
    await page.waitForURL(/nonce=/);
    const failure = await page.evaluate(async () => {
      const { LoginClient } = await import('authress-login-wasm');
      const login = new LoginClient(await (await fetch('/config.json')).json());
      return login.getLoginResult().then(
        () => null,
        ({ code, message }) => ({ code, message }),
      );
    });
    assert.equal(failure?.code, 'ModuleLoadFailed');
    assert.match(failure?.message, /authress_login_wasm_bg\.wasm returned status 404/);
    assert.match(await page.url(), /nonce=/, 'the callback is not handled yet');
    await page.unroute(MODULE);
    await page.reload();
    await shop.showsState('anonymous');
    await shop.hasCleanAddresses();
  });
});

describe('the account’s part of the module', () => {
  const story = stories('localhost');
  const PART = '**/account_bg.wasm';

  /**
   * Opens a page with a client that has not been called.
   * @param {Cast} cast
   */
  async function open({ page, stack }) {
    const files = recordWasm(page);
    await page.route('**/app.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.goto(stack.shopUrl);
    await page.evaluate(async () => {
      const { LoginClient, initWasm } = await import('authress-login-wasm');
      const settings = await (await fetch('/config.json')).json();
      const login = new LoginClient({ ...settings, skipBackgroundCredentialsCheck: true, preload: 'none' });
      window.call = (/** @type {string} */ method) =>
        /** @type {any} */ (login)
          [method]()
          .then(JSON.stringify, (/** @type {any} */ { code, message }) => [code, message]);
      window.initWasm = initWasm;
    });
    /** @type {(method: string) => Promise<any>} */
    const call = (method) => page.evaluate((name) => window.call(name), method);
    return { files, call };
  }

  story('is downloaded once, when a method of the account is called', async (cast) => {
    const { files, call } = await open(cast);
    await cast.page.evaluate(() => window.initWasm());
    assert.equal(await call('userSessionExists'), 'false');
    assert.deepEqual(files, ['authress_login_wasm_bg.wasm']);
    assert.equal(await call('getDevices'), '[]');
    assert.equal((await call('getUserProfile'))[0], 'NotLoggedIn');
    assert.deepEqual(files, ['authress_login_wasm_bg.wasm', 'account_bg.wasm']);
  });

  story('that cannot be loaded is an error for its methods only, and is loaded by a later call', async (cast) => {
    await cast.page.route(PART, (route) => route.fulfill({ status: 404, contentType: 'text/html', body: 'not found' }));
    const { call } = await open(cast);
    const [[code, message], exists] = await Promise.all([call('getDevices'), call('userSessionExists')]);
    assert.equal(code, 'ModuleLoadFailed');
    assert.match(message, /account_bg\.wasm returned status 404/);
    assert.equal(exists, 'false');
    await cast.page.unroute(PART);
    assert.equal(await call('getDevices'), '[]');
  });

  story('of another build is not added', async (cast) => {
    await cast.page.route(PART, (route) =>
      route.fulfill({ contentType: 'application/wasm', body: otherBuild('account_bg.wasm') }),
    );
    const { call } = await open(cast);
    const [code, message] = await call('getDevices');
    assert.equal(code, 'ModuleLoadFailed');
    assert.match(message, /account_bg\.wasm .* \(integrity\): .* of another build/);
  });

  story('comes from the page’s own URL', async (cast) => {
    const bytes = readFileSync(`${workspace}pkg/dist/account_bg.wasm`);
    await cast.page.route('**/elsewhere.wasm', (route) =>
      route.fulfill({ contentType: 'application/wasm', body: bytes }),
    );
    const { files, call } = await open(cast);
    await cast.page.evaluate(() => window.initWasm(undefined, { account: new URL('/elsewhere.wasm', location.href) }));
    assert.equal(await call('getDevices'), '[]');
    assert.deepEqual(files, ['authress_login_wasm_bg.wasm', 'elsewhere.wasm']);
  });
});
