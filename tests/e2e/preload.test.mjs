// The setting `preload`: when the module is loaded, and the results of the script without it.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** @import { Shop } from './support/shop.mjs' */

/** Longer than a browser takes until a page is idle. */
const BEYOND_IDLE_MS = 2_500;

/** Runs in the page before the client is created: a picture delays the page's `load` event. */
const HOLD_LOAD = 'document.body.append(Object.assign(new Image(), { src: "/held.png" }));';

const SCRIPT = ['index.js'];
const MODULE = ['index.js', 'module.js', 'authress_login_wasm_bg.wasm'];

/**
 * A page whose `load` event waits for `release()`. `files()` are the package's files that were requested.
 * @param {Shop} shop
 * @param {ConstructorParameters<typeof BarePage>[1]} [options]
 */
async function heldPage(shop, options = {}) {
  /** @type {string[]} */
  const requested = [];
  shop.page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.includes('/authress-login-wasm/dist/')) requested.push(pathname.split('/').at(-1) ?? '');
  });
  let release = () => {};
  /** @type {Promise<void>} */
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await shop.page.route('**/held.png', async (route) => {
    await released;
    await route.fulfill({ status: 404, contentType: 'text/plain', body: '' });
  });
  const page = new BarePage(shop, { ...options, setup: `${HOLD_LOAD} ${options.setup ?? ''}` });
  return {
    page,
    /** Opens it without waiting for the `load` event. */
    open: (path = '/') => page.open(path, { waitUntil: 'commit' }),
    release: () => release(),
    files: () => [...new Set(requested)].sort((left, right) => MODULE.indexOf(left) - MODULE.indexOf(right)),
    clear: () => requested.splice(0),
  };
}

/**
 * Stores the session of an anonymous shopper.
 * @param {Shop} shop
 */
async function storeSession(shop) {
  const page = new BarePage(shop);
  await page.open();
  await page.startAnonymous();
  await page.call('getToken');
  await page.page.unroute('**/app.js');
}

describe('a page without a session', () => {
  const story = stories('localhost');

  story('needs the script only, until it is idle', async ({ shop }) => {
    const { page, open, release, files } = await heldPage(shop, { recordsEvents: true });
    await open();
    assert.deepEqual(await page.snapshot(), { status: 'signed-out', userIdentity: null });
    await page.hasEvents('ready');
    assert.equal((await page.call('userSessionExists')).value, false);
    assert.equal((await page.call('getLoginResult')).value, null);
    assert.equal((await page.call('getLinkResult')).value, null);
    assert.equal((await page.call('getUserIdentity')).value, null);
    assert.equal((await page.call('getToken', { timeoutInMillis: 0 })).error.code, 'TokenTimeout');
    assert.equal((await page.call('fetch', '/api/cart')).error.code, 'NotLoggedIn');
    assert.deepEqual(files(), SCRIPT);
    release();
    await until(() => files(), MODULE);
    assert.equal((await page.call('userSessionExists')).value, false);
    assert.deepEqual(await page.events(), [{ type: 'ready', status: 'signed-out' }], 'the module has nothing to add');
  });

  story('loads the module for a press before the page is idle', async ({ shop, authress }) => {
    const { page, open, release, files } = await heldPage(shop);
    await open();
    assert.deepEqual(files(), SCRIPT);
    await page.leave('authenticate', { connectionId: shop.stack.shopperConnectionId, redirectUrl: '/?started' });
    await page.hasReturnedTo('/?started');
    await authress.verify((await page.call('getToken')).value);
    release();
  });

  story('loads the module for a call only, with preload none', async ({ shop, authress }) => {
    const { page, open, release, files } = await heldPage(shop, { settings: { preload: 'none' }, recordsEvents: true });
    release();
    await open();
    await page.hasEvents('ready');
    await setTimeout(BEYOND_IDLE_MS);
    assert.deepEqual(files(), SCRIPT);
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
    assert.deepEqual(files(), MODULE);
  });

  story('loads the module for a call only, if the shopper saves data', async ({ shop, authress }) => {
    await shop.page.addInitScript(() => {
      Object.defineProperty(navigator, 'connection', { value: { saveData: true }, configurable: true });
    });
    const { page, open, release, files } = await heldPage(shop);
    release();
    await open();
    await setTimeout(BEYOND_IDLE_MS);
    assert.deepEqual(files(), SCRIPT);
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
  });

  story('loads the module at once, with preload eager', async ({ shop }) => {
    const { open, release, files } = await heldPage(shop, { settings: { preload: 'eager' } });
    await open();
    await until(() => files(), MODULE);
    release();
  });

  story('loads the module at once if only the module can check the session', async ({ shop }) => {
    const setup = "localStorage.setItem('AuthenticationCredentialsStorage', '{');";
    const { open, release, files } = await heldPage(shop, { setup });
    await open();
    await until(() => files(), MODULE);
    release();
  });

  story('cleans an address with an unknown callback at once', async ({ shop }) => {
    const { open, release, files } = await heldPage(shop);
    await open('/?nonce=unknown&access_token=secret');
    await until(() => files(), MODULE);
    await until(async () => (await shop.page.url()).includes('secret'), false);
    release();
  });

  story('rejects an unknown preload', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    const thrown = await shop.page.evaluate(() => {
      try {
        new window.LoginClient({ authressApiUrl: 'login.shop.test', preload: /** @type {any} */ ('lazy') });
        return null;
      } catch ({ code, message }) {
        return { code, message };
      }
    });
    assert.equal(thrown?.code, 'InvalidInput');
    assert.match(thrown?.message, /preload must be idle, eager or none/);
  });

  story('follows a login and a logout in another tab, with preload none', async ({ shop, newTab }) => {
    const { page, open, release, files } = await heldPage(shop, { settings: { preload: 'none' }, recordsEvents: true });
    release();
    await open();
    await page.hasEvents('ready');
    await shop.page.evaluate(() => {
      window.hasArrived = window.login.waitForUserSession();
    });
    const other = new BarePage(await newTab());
    await other.open();
    await other.startAnonymous();
    // The other tab may announce the end of the login before this one has loaded the module.
    const ofSession = async () => (await page.eventTypes()).filter((type) => type !== 'login-completed');
    await until(ofSession, ['ready', 'signed-in']);
    assert.equal(await shop.page.evaluate(() => window.hasArrived), true);
    assert.equal((await page.snapshot()).userIdentity.userId, (await other.call('getUserIdentity')).value.userId);
    assert.deepEqual(files(), MODULE);

    await page.page.bringToFront();
    await page.page.reload();
    await page.isReady();
    await page.hasEvents('ready');
    assert.equal((await page.snapshot()).status, 'anonymous');
    await other.logOut();
    await page.hasEventsInSomeOrder('ready', 'signed-out');
  });
});

describe('a page with a stored session', () => {
  const story = stories('localhost');

  story('needs the script only, until it is idle', async ({ shop, authress }) => {
    await storeSession(shop);
    const { page, open, release, files } = await heldPage(shop, { recordsEvents: true });
    await open();
    const { value: token } = await page.call('getToken');
    const { sub } = await authress.verify(token);
    assert.equal((await page.snapshot()).userIdentity.userId, sub);
    assert.equal((await page.call('waitForUserSession')).value, true);
    await page.hasEvents('ready');
    assert.deepEqual(files(), SCRIPT);
    release();
    await until(() => files(), MODULE);
    assert.equal((await page.call('getToken')).value, token);
    assert.deepEqual(await page.eventTypes(), ['ready']);
  });

  for (const preload of /** @type {const} */ (['idle', 'none'])) {
    story(`notices a logout in another tab before it listens, with preload ${preload}`, async ({ shop, newTab }) => {
      await storeSession(shop);
      const other = new BarePage(await newTab());
      await other.open();
      const { page, open, release, files } = await heldPage(shop, { settings: { preload }, recordsEvents: true });
      await open();
      await page.hasEvents('ready');
      await other.logOut();
      assert.deepEqual(files(), SCRIPT);
      assert.equal((await page.snapshot()).status, 'anonymous', 'it does not listen yet');
      release();
      await page.hasEvents('ready', 'signed-out');
      assert.deepEqual(await page.snapshot(), { status: 'signed-out', userIdentity: null });
    });
  }

  story('loads the module at once on a callback URL', async ({ shop }) => {
    await storeSession(shop);
    const { page, open, release, files, clear } = await heldPage(shop, {
      settings: { preload: 'none' },
      recordsEvents: true,
    });
    await open();
    assert.deepEqual(files(), SCRIPT);
    await page.leave('linkIdentity', { connectionId: 'con_acorn', redirectUrl: '/?back' });
    await shop.isAtProvider('con_acorn');
    clear();
    await page.pick('preloaded');
    await page.hasReturnedTo('/?back');
    await page.hasEvents('ready', 'link-completed');
    assert.deepEqual(files(), MODULE);
    release();
  });
});

describe('a page whose cookies reach Authress', () => {
  const story = stories('https');

  story('checks the session with Authress when there is a listener', async (cast) => {
    const { page, open, release, files } = await heldPage(cast.shop);
    await open();
    assert.equal((await page.snapshot()).status, 'checking');
    assert.equal((await page.call('userSessionExists', { backgroundTrigger: true })).value, false);
    assert.deepEqual(files(), SCRIPT);
    await cast.page.evaluate(() => {
      window.login.subscribe(({ type }) => window.events.push({ type, status: window.login.getSnapshot().status }));
    });
    await until(() => page.events(), [{ type: 'ready', status: 'signed-out' }]);
    assert.deepEqual(files(), MODULE);
    release();
  });
});
