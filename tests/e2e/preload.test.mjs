// When the module is loaded, and what the script answers before.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** Longer than a browser takes to call a page idle. */
const BEYOND_IDLE_MS = 2_500;

/** Runs in the page before there is a client: a picture keeps its `load` event back. */
const HOLD_LOAD = 'document.body.append(Object.assign(new Image(), { src: "/held.png" }));';

const SCRIPT = ['index.js'];
const MODULE = ['index.js', 'module.js', 'authress_login_wasm_bg.wasm'];

/** A page whose `load` event waits for `release()`; `files()` are the package's that were requested. */
async function heldPage(shop, options = {}) {
  const requested = [];
  shop.page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.includes('/authress-login-wasm/dist/')) requested.push(pathname.split('/').at(-1));
  });
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await shop.page.route('**/held.png', async (route) => {
    await released;
    await route.fulfill({ status: 404, contentType: 'text/plain', body: '' });
  });
  const page = new BarePage(shop, { ...options, first: `${HOLD_LOAD} ${options.first ?? ''}` });
  return {
    page,
    /** Opens it without waiting for the `load` event. */
    open: (path) => page.open(path, { waitUntil: 'commit' }),
    release,
    files: () => [...new Set(requested)].sort((left, right) => MODULE.indexOf(left) - MODULE.indexOf(right)),
    forget: () => requested.splice(0),
  };
}

/** A page with the session of an anonymous visitor, left again. */
async function signIn(shop) {
  const page = new BarePage(shop);
  await page.open();
  await page.startAnonymous();
  await page.call('getToken');
  await page.page.unroute('**/app.js');
}

describe('a page without a session', () => {
  const story = stories('localhost');

  story('is answered by the script alone until it is idle', async ({ shop }) => {
    const { page, open, release, files } = await heldPage(shop, { listens: true });
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
    assert.deepEqual(
      await page.toldEvents(),
      [{ type: 'ready', status: 'signed-out' }],
      'the module has nothing to add',
    );
  });

  story('loads the module for the first press, if that comes before the page is idle', async ({ shop, authress }) => {
    const { page, open, release, files } = await heldPage(shop);
    await open();
    assert.deepEqual(files(), SCRIPT);
    await page.leave('authenticate', { connectionId: shop.stack.shopperConnectionId, redirectUrl: '/?started' });
    await page.returnsTo('/?started');
    await authress.verify((await page.call('getToken')).value);
    release();
  });

  story('loads nothing by itself with preload none, and everything for a call', async ({ shop, authress }) => {
    const { page, open, release, files } = await heldPage(shop, { settings: { preload: 'none' }, listens: true });
    release();
    await open();
    await page.hasEvents('ready');
    await setTimeout(BEYOND_IDLE_MS);
    assert.deepEqual(files(), SCRIPT);
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
    assert.deepEqual(files(), MODULE);
  });

  story('loads nothing by itself if the shopper saves data', async ({ shop, authress }) => {
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

  story('loads the module with its client with preload eager', async ({ shop }) => {
    const { open, release, files } = await heldPage(shop, { settings: { preload: 'eager' } });
    await open();
    await until(() => files(), MODULE);
    release();
  });

  story('loads the module at once where only the module can tell', async ({ shop }) => {
    const first = "localStorage.setItem('AuthenticationCredentialsStorage', '{');";
    const { open, release, files } = await heldPage(shop, { first });
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

  story('refuses a preload that it does not know', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    const thrown = await shop.page.evaluate(() => {
      try {
        return new window.LoginClient({ authressApiUrl: 'login.shop.test', preload: 'lazy' });
      } catch ({ code, message }) {
        return { code, message };
      }
    });
    assert.equal(thrown.code, 'InvalidInput');
    assert.match(thrown.message, /preload must be idle, eager or none/);
  });

  story('notices a login and a logout in another tab with preload none', async ({ shop, newTab }) => {
    const { page, open, release, files } = await heldPage(shop, { settings: { preload: 'none' }, listens: true });
    release();
    await open();
    await page.hasEvents('ready');
    await shop.page.evaluate(() => {
      window.arrival = window.login.waitForUserSession();
    });
    const other = new BarePage(await newTab());
    await other.open();
    await other.startAnonymous();
    await page.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed');
    assert.equal(await shop.page.evaluate(() => window.arrival), true);
    assert.equal((await page.snapshot()).userIdentity.userId, (await other.call('getUserIdentity')).value.userId);
    assert.deepEqual(files(), MODULE);

    await page.page.bringToFront();
    await page.page.reload();
    await page.isReady();
    await page.hasEvents('ready');
    assert.equal((await page.snapshot()).status, 'signed-in');
    await other.logOut();
    await page.hasEventsInSomeOrder('ready', 'signed-out');
  });
});

describe('a page with a stored session', () => {
  const story = stories('localhost');

  story('is answered by the script alone until it is idle', async ({ shop, authress }) => {
    await signIn(shop);
    const { page, open, release, files } = await heldPage(shop, { listens: true });
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
    assert.deepEqual(await page.events(), ['ready']);
  });

  story('loads the module at once on a callback URL', async ({ shop }) => {
    await signIn(shop);
    const { page, open, release, files, forget } = await heldPage(shop, {
      settings: { preload: 'none' },
      listens: true,
    });
    await open();
    assert.deepEqual(files(), SCRIPT);
    await page.leave('linkIdentity', { connectionId: 'con_acorn', redirectUrl: '/?back' });
    await shop.isAtProvider('con_acorn');
    forget();
    await page.pick('preloaded');
    await page.returnsTo('/?back');
    await page.hasEvents('ready', 'link-completed');
    assert.deepEqual(files(), MODULE);
    release();
  });
});

describe('a page whose cookies reach Authress', () => {
  const story = stories('https');

  story('does not know whether there is a session, and asks Authress when a listener wants to know', async (cast) => {
    const { page, open, release, files } = await heldPage(cast.shop);
    await open();
    assert.equal((await page.snapshot()).status, 'checking');
    assert.equal((await page.call('userSessionExists', { backgroundTrigger: true })).value, false);
    assert.deepEqual(files(), SCRIPT);
    await cast.page.evaluate(() => {
      window.login.subscribe(({ type }) => window.events.push({ type, status: window.login.getSnapshot().status }));
    });
    await until(() => page.toldEvents(), [{ type: 'ready', status: 'signed-out' }]);
    assert.deepEqual(files(), MODULE);
    release();
  });
});
