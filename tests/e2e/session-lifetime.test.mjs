// Renewal of sessions: in time before the token's end, once for all tabs, without a network, and with clock skew.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { TOPOLOGIES, eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** @import { Cast } from './support/story.mjs' */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Less than five minutes before the end of the sandbox's tokens, which last a day. */
const SHORTLY_BEFORE_END_MS = DAY_MS - 3 * MINUTE_MS;
const RENEWAL = 'PATCH /api/session';

/**
 * A shopper with a session, whose page's clock can be moved.
 * @param {Cast} cast
 */
async function shopperWithClock({ shop, context, authress }) {
  await context.clock.install();
  const page = new BarePage(shop, { recordsEvents: true });
  await page.open();
  await page.startAnonymous();
  await page.hasEvents('ready', 'login-completed');
  await authress.clearLog();
  shop.toSandbox.length = 0;
  return page;
}

/**
 * The number of renewals that the sandbox has got.
 * @param {Cast['authress']} authress
 */
const renewals = async (authress) => (await authress.requests()).filter((request) => request === RENEWAL).length;
/**
 * The number of renewals that the tab has requested.
 * @param {Cast['shop']} shop
 */
const requestedRenewals = ({ toSandbox }) => toSandbox.filter((request) => request.method() === 'PATCH').length;

describe('a session in use', () => {
  const story = stories('https');

  story('is renewed before its end, once for three tabs', async (cast) => {
    const { context, authress, newTab } = cast;
    const first = await shopperWithClock(cast);
    const pages = [first];
    for (const tab of [await newTab(), await newTab()]) {
      const page = new BarePage(tab, { recordsEvents: true });
      await page.open();
      await page.hasEvents('ready');
      // The module renews sessions, and this call needs it. It would be loaded when the page is idle, but the moved clock of
      // the page is never idle.
      assert.equal((await page.call('getDevices')).error, undefined);
      pages.push(page);
    }
    const before = await authress.verify((await first.call('getToken')).value);
    assert.equal(await renewals(authress), 0, 'nothing is due yet');

    await context.clock.fastForward(SHORTLY_BEFORE_END_MS);
    await first.hasEvents('ready', 'login-completed', 'token-renewed');
    for (const page of pages.slice(1)) await page.hasEvents('ready', 'token-renewed');
    /** @type {string[]} */
    let tokens = [];
    // A browser with a process for each tab may show a new cookie to the others later than the stored record.
    await until(
      async () => {
        tokens = await Promise.all(pages.map(async (page) => (await page.call('getToken')).value));
        return new Set(tokens).size;
      },
      1,
      'all have the same token',
    );
    const after = await authress.verify(tokens[0]);
    assert.equal(after.sub, before.sub);
    assert.notEqual(after.jti, before.jti);
    assert.equal(await renewals(authress), 1);
  });

  story('is renewed by another tab before this one loads the module', async ({ shop, newTab }) => {
    const first = new BarePage(shop);
    await first.open();
    await first.startAnonymous();
    const tab = new BarePage(await newTab(), { recordsEvents: true, settings: { preload: 'none' } });
    await tab.open();
    await tab.hasEvents('ready');
    // In the first tab, since WebKit does not show the others, and a hidden page renews nothing.
    const ahead = new BarePage(shop, {
      recordsEvents: true,
      settings: { preload: 'eager' },
      setup: `const { now } = Date; Date.now = () => now.call(Date) + ${SHORTLY_BEFORE_END_MS};`,
    });
    await ahead.open();
    await ahead.hasEvents('ready', 'token-renewed');
    // The module starts with the renewed session; the listeners know the one from before.
    assert.equal((await tab.call('getDevices')).error, undefined);
    await tab.hasEvents('ready', 'token-renewed');
  });

  story('is not renewed on a hidden page', async (cast) => {
    const page = await shopperWithClock(cast);
    /** @param {'hidden' | 'visible'} state */
    const show = (state) =>
      page.page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await show('hidden');
    await cast.context.clock.fastForward(SHORTLY_BEFORE_END_MS);
    // Takes longer than a request needs to start.
    await page.page.evaluate(async () => {
      await fetch('/config.json', { cache: 'no-store' });
    });
    assert.equal(requestedRenewals(cast.shop), 0);
    await show('visible');
    await page.hasEvents('ready', 'login-completed', 'token-renewed');
    assert.equal(await renewals(cast.authress), 1);
  });

  story('is renewed again after increasing pauses when a renewal fails', async (cast) => {
    const { authress, context, shop } = cast;
    const page = await shopperWithClock(cast);
    await authress.fail('PATCH', '/api/session', { status: 503, times: 50 });
    await context.clock.pauseAt(Date.now() + SHORTLY_BEFORE_END_MS);
    /**
     * Lets the page's clock run, in steps that leave the network its own time, until this many renewals were requested.
     * @param {number} count
     */
    const hasRequested = (count) =>
      until(async () => {
        await context.clock.runFor(100);
        return requestedRenewals(shop);
      }, count);
    await hasRequested(5);
    await context.clock.runFor(4_000);
    await page.call('getToken', { timeoutInMillis: 0 });
    assert.equal(requestedRenewals(shop), 5, 'not at once');
    await context.clock.runFor(1_000);
    await hasRequested(10);
    await context.clock.runFor(9_000);
    await page.call('getToken', { timeoutInMillis: 0 });
    assert.equal(requestedRenewals(shop), 10, 'the second pause is longer');
    assert.deepEqual(await page.eventTypes(), ['ready', 'login-completed'], 'the shopper stays signed in');

    await authress.stopFailing();
    await context.clock.runFor(1_000);
    await hasRequested(11);
    await page.hasEvents('ready', 'login-completed', 'token-renewed');
  });

  story(
    'stays without a network after its token has expired, and is renewed when the network is back',
    async (cast) => {
      const { authress, context } = cast;
      const page = await shopperWithClock(cast);
      const { userId } = (await page.snapshot()).userIdentity;
      await context.setOffline(true);
      await context.clock.fastForward(DAY_MS + MINUTE_MS);
      assert.equal(
        (await page.call('getToken', { timeoutInMillis: 0 })).error.code,
        'TokenTimeout',
        'the token has expired',
      );
      assert.deepEqual(await page.eventTypes(), ['ready', 'login-completed']);
      assert.equal((await page.snapshot()).userIdentity.userId, userId, 'the shopper is still shown');
      assert.equal(await renewals(authress), 0);

      await context.setOffline(false);
      await page.hasEvents('ready', 'login-completed', 'token-renewed');
      assert.equal((await page.snapshot()).userIdentity.userId, userId);
      assert.equal((await authress.verify((await page.call('getToken')).value)).sub, userId);
    },
  );

  story('ends with its token if Authress has ended it', async (cast) => {
    const { authress, context } = cast;
    const page = await shopperWithClock(cast);
    await context.clearCookies({ name: 'authress-session' });
    await context.clock.fastForward(SHORTLY_BEFORE_END_MS);
    await until(() => renewals(authress), 1);
    assert.ok((await page.call('getToken')).value, 'the token is used until its end');
    await page.hasEvents('ready', 'login-completed');

    await context.clock.fastForward(3 * MINUTE_MS);
    await page.hasEvents('ready', 'login-completed', 'signed-out');
    assert.equal((await page.snapshot()).userIdentity, null);
    assert.equal(await renewals(authress), 1, 'the renewal is not repeated');
  });
});

describe('a page in the back/forward cache', () => {
  const story = stories('https', { bfcache: true, needs: ['bfcache'] });

  story('follows a logout in another tab', async ({ shop, newTab }) => {
    const page = new BarePage(shop, { recordsEvents: true });
    await page.open();
    await page.startAnonymous();
    await page.hasEvents('ready', 'login-completed');
    // Before the page is left: some browsers keep two pages of all tabs at most.
    const other = new BarePage(await newTab());
    await other.open();
    await page.page.evaluate(() => {
      window.addEventListener('pageshow', ({ persisted }) => {
        window.wasRestored = persisted;
      });
    });
    await page.page.goto(`${shop.stack.shopUrl}/config.json`);
    await other.logOut();

    await shop.goBack();
    await until(() => page.page.evaluate(() => window.wasRestored), true, 'the page was kept');
    await page.hasEvents('ready', 'login-completed', 'signed-out');
    assert.deepEqual(await page.snapshot(), { status: 'signed-out', userIdentity: null });
    assert.equal((await page.call('getToken', { timeoutInMillis: 0 })).error.code, 'TokenTimeout');
  });
});

describe('a callback on a prerendered page', () => {
  const story = stories('cross-site');

  story('is not handled before the page is activated', async ({ shop, authress, stack, page: tab }) => {
    // As scripts see a prerendered page, for the callback only.
    await tab.addInitScript(() => {
      let isPrerendering = new URLSearchParams(location.search).has('nonce');
      Object.defineProperty(document, 'prerendering', { get: () => isPrerendering });
      window.activate = () => {
        isPrerendering = false;
        document.dispatchEvent(new Event('prerenderingchange'));
      };
    });
    const page = new BarePage(shop, { recordsEvents: true });
    await page.open();
    await page.leave('authenticate', { connectionId: stack.shopperConnectionId, redirectUrl: '/?started' });
    await tab.waitForURL((url) => url.origin === stack.shopUrl && url.searchParams.has('nonce'));
    await page.isReady();
    // The module has loaded, and has read the address.
    assert.equal((await page.call('getToken', { timeoutInMillis: 0 })).error.code, 'TokenTimeout');
    await tab.evaluate(
      () =>
        new Promise((resolve) => {
          setTimeout(resolve, 200);
        }),
    );
    assert.ok(!(await authress.requests()).some((request) => request.endsWith('/tokens')), 'the code is not exchanged');
    assert.ok(await tab.evaluate(() => localStorage.AuthenticationRequestNonce), 'the authorization is still pending');
    assert.deepEqual([await page.eventTypes(), (await page.snapshot()).status], [[], 'checking']);

    await tab.evaluate(() => window.activate());
    await page.hasEvents('ready', 'login-completed');
    await page.hasReturnedTo('/?started');
    assert.ok(!new URL(await tab.url()).searchParams.has('code'));
    await authress.verify((await page.call('getToken')).value);
  });
});

for (const topology of eachOf(TOPOLOGIES)) {
  describe(`a session, ${topology}`, () => {
    const story = stories(topology);

    story(`ends in tabs in the background at once (${topology})`, async ({ shop, newTab }) => {
      const page = new BarePage(shop, { recordsEvents: true });
      await page.open();
      await page.startAnonymous();
      const other = new BarePage(await newTab(), { recordsEvents: true });
      await other.open();
      await other.hasEvents('ready');
      await shop.page.bringToFront();
      await page.logOut();
      await other.hasEvents('ready', 'signed-out');
      assert.deepEqual(await other.snapshot(), { status: 'signed-out', userIdentity: null });
      assert.equal((await other.call('getToken', { timeoutInMillis: 0 })).error.code, 'TokenTimeout');
    });

    for (const [wrong, shiftMs] of /** @type {const} */ ([
      ['fast', DAY_MS],
      ['slow', -DAY_MS],
    ])) {
      story(`starts, is linked and is restored with a clock that is a day ${wrong} (${topology})`, async (cast) => {
        const { shop, page: tab, context, authress } = cast;
        await context.addInitScript(shiftClock, shiftMs);
        const page = new BarePage(shop, { recordsEvents: true });
        await page.open();
        await page.startAnonymous();
        const { sub } = await authress.verify((await page.call('getToken')).value);
        await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(`${wrong} ${topology}`));
        assert.equal((await page.call('getLinkResult')).value?.status, 'linked');

        for (const visit of ['/?later', '/?later-still']) {
          await tab.goto(shop.stack.shopUrl + visit);
          await page.isReady();
          await authress.clearLog();
          const claims = await authress.verify((await page.call('getToken')).value);
          assert.deepEqual([claims.sub, claims.azp], [sub, 'con_acorn']);
          await page.hasStatus('signed-in');
          assert.deepEqual(await authress.requests(), [], 'the session is restored without a request');
        }
      });
    }
  });
}

/**
 * Runs in pages, before their own scripts.
 * @param {number} shiftMs
 */
function shiftClock(shiftMs) {
  const RealDate = Date;
  const ShiftedDate = class extends RealDate {
    /** @param {...any} values */
    constructor(...values) {
      super(.../** @type {[any]} */ (values.length > 0 ? values : [RealDate.now() + shiftMs]));
    }

    static now() {
      return RealDate.now() + shiftMs;
    }
  };
  Object.assign(globalThis, { Date: ShiftedDate });
}
