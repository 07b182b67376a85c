// Callbacks to pages that have query parameters, several clients and routers of their own.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { TOPOLOGIES, eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

const OWN_QUERY = '/?utm=x%20y&code=SUMMER20&error=sold-out&iss=me&nonce=n1&expires_in=9&bare#top';

/**
 * Runs an action that leaves the page, and waits until the browser has returned.
 * @param {BarePage} page
 * @param {() => Promise<unknown>} act
 */
async function leaveAndReturn(page, act) {
  await page.page.evaluate(() => {
    window.isLeft = true;
  });
  await act();
  const { origin } = new URL(page.shop.stack.shopUrl);
  await until(async () => {
    if (new URL(await page.page.url()).origin !== origin) return false;
    return await page.page.evaluate(() => !window.isLeft && Boolean(window.login)).catch(() => false);
  }, true);
}

/**
 * Gets an anonymous user id by an authorization code, whatever the topology.
 * @param {BarePage} page
 * @param {import('authress-login-wasm').AuthenticateOptions} [options]
 */
const signIn = (page, options = {}) =>
  leaveAndReturn(page, () =>
    page.leave('authenticate', { connectionId: page.shop.stack.shopperConnectionId, flowType: 'code', ...options }),
  );

/** @param {BarePage} page */
const userOf = (page, client = 'login') => page.page.evaluate((name) => window[name].getUserIdentity()?.userId, client);

/**
 * The requests that exchanged a code, as `METHOD /path`.
 * @param {import('./support/authress.mjs').Authress} authress
 */
const exchanges = async (authress) => (await authress.requests()).filter((request) => request.endsWith('/tokens'));

describe('a callback that announces a code in a cookie', () => {
  const story = stories('https');

  story('fails without the cookie, and the session stays', async ({ shop, stack, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value: token } = await page.call('getToken');
    const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed' };
    const { value: started } = await page.call('authenticate', options);
    await authress.clearLog();
    const query = new URLSearchParams({
      nonce: started.authenticationRequestId,
      iss: stack.sandboxUrl,
      code: 'cookie',
    });
    await tab.goto(`${stack.shopUrl}/?started&${query}`);
    await page.isReady();
    assert.deepEqual((await page.call('getLoginResult')).value, {
      status: 'failed',
      connectionId: 'con_acorn',
      errorCode: 'InvalidServerResponse',
    });
    assert.equal((await page.call('getToken')).value, token);
    assert.equal(new URL(await tab.url()).search, '?started');
    assert.deepEqual(await exchanges(authress), []);
  });
});

for (const topology of eachOf(TOPOLOGIES)) {
  describe(`callbacks, ${topology}`, () => {
    const story = stories(topology);

    story(`a page's own parameters survive a login and a link (${topology})`, async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open(OWN_QUERY);
      const before = await page.page.evaluate(() => location.href);
      for (const flowType of ['code', undefined]) {
        await signIn(page, { flowType });
        assert.equal((await page.call('getLoginResult')).value?.status, 'signed-in');
        assert.equal(await page.page.evaluate(() => location.href), before);
      }
      await page.leave('linkIdentity', { connectionId: 'con_acorn' });
      await shop.isAtProvider('con_acorn');
      await leaveAndReturn(page, () => page.pick(`own-query-${topology}`));
      assert.equal((await page.call('getLinkResult')).value?.status, 'linked');
      assert.equal(await page.page.evaluate(() => location.href), before);
    });

    story(`tokens leave the address of any page, and its own parameters stay (${topology})`, async ({ shop }) => {
      const page = new BarePage(shop);
      for (const [query, cleaned] of [
        ['?a=1&access%5Ftoken=T&code=SUMMER20#top', '?a=1&code=SUMMER20#top'],
        ['?session_token=T&nonce=n1&error=sold-out&id_token', '?nonce=n1&error=sold-out'],
        ['?nonce=n1&c%6Fde=zc7sHd-yL5rQk0ZJbZ7mFQ&a=1', '?nonce=n1&a=1'],
        [`?code=C&iss=${encodeURIComponent(shop.stack.sandboxUrl)}&a=1`, '?a=1'],
        ['?code=SUMMER20&nonce=n1&error=sold-out&iss=me', '?code=SUMMER20&nonce=n1&error=sold-out&iss=me'],
      ]) {
        await page.open(`/${query}`);
        await page.call('userSessionExists', { backgroundTrigger: true });
        await until(() => page.page.evaluate(() => location.search + location.hash), cleaned);
      }
    });

    story(`a callback with an injected parameter uses nothing (${topology})`, async ({ shop, stack, page: tab }) => {
      const page = new BarePage(shop);
      await page.open('/?injected');
      const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed' };
      const { value: started } = await page.call('authenticate', options);
      const id = started.authenticationRequestId;
      const callback = `nonce=${id}&iss=${encodeURIComponent(stack.sandboxUrl)}&code=cookie`;
      for (const injected of ['c%6fde=planted', 'nonc%65=', 'error=access_denied&%65rror=x']) {
        for (const query of [`${injected}&${callback}`, `${callback}&${injected}`]) {
          await tab.goto(`${stack.shopUrl}/?injected&${query}`);
          await page.isReady();
          const refused = { status: 'failed', connectionId: 'con_acorn', errorCode: 'InvalidCallback' };
          assert.deepEqual((await page.call('getLoginResult')).value, refused, query);
          assert.equal(new URL(await tab.url()).search, '?injected');
          assert.ok(await page.page.evaluate((key) => key in localStorage, `AuthenticationRequestNonce.${id}`));
        }
      }
    });

    story(`a sign-out ends a login that is pending (${topology})`, async ({ shop, stack, page: tab, authress }) => {
      const page = new BarePage(shop);
      await page.open('/?pending');
      await page.startAnonymous();
      const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed' };
      const { value: started } = await page.call('authenticate', options);
      await leaveAndReturn(page, () => page.leave('logout', `${stack.shopUrl}/?bye`));
      const stored = await page.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
      assert.doesNotMatch(stored, /codeVerifier|AuthenticationRequestNonce/);
      await authress.clearLog();
      const query = new URLSearchParams({
        nonce: started.authenticationRequestId,
        iss: stack.sandboxUrl,
        code: 'zc7sHd-yL5rQk0ZJbZ7mFQ',
      });
      await tab.goto(`${stack.shopUrl}/?pending&${query}`);
      await page.isReady();
      const refused = { status: 'failed', connectionId: 'con_acorn', errorCode: 'LoginOutdated' };
      assert.deepEqual((await page.call('getLoginResult')).value, refused);
      assert.equal(new URL(await tab.url()).search, '?pending');
      assert.deepEqual(await exchanges(authress), []);
      assert.deepEqual(await page.call('userSessionExists'), { value: false });
    });

    story(
      `all clients of a page handle one callback, and two presses are one login (${topology})`,
      async ({ shop, stack, authress }) => {
        const page = new BarePage(shop, { recordsEvents: true });
        const addSecond = () =>
          page.page.evaluate(() => {
            window.second = new window.LoginClient(window.settings);
          });
        await authress.clearLog();
        await page.open('/?clients');
        await addSecond();
        await page.page.evaluate(() =>
          Promise.all([window.login, window.second].map((client) => client.userSessionExists())),
        );
        const checks = (await authress.requests()).filter((request) => request === 'PATCH /api/session');
        assert.ok(checks.length <= 1, 'one client checks the session for all');
        await leaveAndReturn(page, () =>
          page.page.evaluate(
            ([connectionId]) => {
              for (const client of [window.login, window.second])
                client.authenticate({ connectionId, flowType: 'code' }).catch(() => {});
            },
            [stack.shopperConnectionId],
          ),
        );
        await addSecond();
        for (const client of ['second', 'login']) {
          assert.deepEqual(await page.callOn(client, 'userSessionExists'), { value: true }, client);
          assert.equal((await page.callOn(client, 'getLoginResult')).value?.status, 'signed-in', client);
        }
        assert.equal(await userOf(page, 'second'), await userOf(page));
        const requests = (await authress.requests()).filter((request) =>
          request.startsWith('POST /api/authentication'),
        );
        assert.deepEqual(requests, ['POST /api/authentication', 'POST /api/authentication/{id}/tokens']);
      },
    );

    story(
      `a second copy of the package waits for the first one's session (${topology})`,
      async ({ shop, authress }) => {
        const page = new BarePage(shop, {
          setup: `
          const address = import.meta.resolve('authress-login-wasm');
          window.copy = import(address + '?copy').then(async (copy) => {
            const second = new copy.LoginClient({ ...await (await fetch('/config.json')).json() });
            return { isCopy: copy.LoginClient !== LoginClient, exists: await second.userSessionExists() };
          });`,
        });
        await page.open('/?copies');
        await authress.clearLog();
        await signIn(page);
        const { value } = await page.call('userSessionExists');
        assert.equal(value, true);
        assert.deepEqual(await page.page.evaluate(() => window.copy), { isCopy: true, exists: true });
        assert.equal((await exchanges(authress)).length, 1);
      },
    );

    story(`a client of another application or host ignores a callback (${topology})`, async ({ shop }) => {
      const page = new BarePage(shop, {
        setup: `
          const other = (settings) => new LoginClient(settings).userSessionExists({ backgroundTrigger: true }).catch(() => 'failed');
          const { authressApiUrl } = await (await fetch('/config.json')).json();
          window.others = [
            await other({ authressApiUrl, applicationId: 'app_elsewhere' }),
            await other({ authressApiUrl: 'https://login.elsewhere.test', applicationId: 'app_elsewhere' }),
          ];`,
      });
      await page.open('/?others');
      await signIn(page);
      assert.deepEqual(await page.call('userSessionExists'), { value: true });
      assert.equal((await page.call('getLoginResult')).value?.status, 'signed-in');
      assert.deepEqual(await page.page.evaluate(() => window.others), [false, false]);
      assert.equal(await page.page.evaluate(() => location.search), '?others');
    });

    story(
      `a page that is reloaded or left during its callback loses no login (${topology})`,
      async ({ shop, authress }) => {
        // The page of the callback is left before the code is sent.
        const page = new BarePage(shop, {
          setup: `
          const send = window.fetch;
          if (localStorage.holds) window.fetch = (url, init) => {
            if (!String(url).endsWith('/tokens')) return send(url, init);
            window.isHeld = true;
            return new Promise(() => {});
          };`,
        });
        /** @type {[path: string, leave: () => void][]} */
        const ways = [
          ['/?reload', () => location.reload()],
          ['/?left', () => location.replace('/?lang=de')],
        ];
        for (const [path, leave] of ways) {
          await page.open(path);
          await authress.clearLog();
          await page.page.evaluate(() => localStorage.setItem('holds', '1'));
          await signIn(page);
          await page.page.waitForFunction(() => window.isHeld, null, { polling: 50 });
          assert.equal(
            await page.page.evaluate(() => location.search),
            path.slice(1),
            'the address is clean meanwhile',
          );
          await page.page.evaluate(() => localStorage.removeItem('holds'));
          await leaveAndReturn(page, () => page.page.evaluate(leave));
          assert.equal((await page.call('getLoginResult')).value?.status, 'signed-in');
          assert.deepEqual(await page.call('userSessionExists'), { value: true });
          const kept = await page.page.evaluate(() => Object.keys(sessionStorage));
          assert.deepEqual(
            kept.filter((key) => key.startsWith('Authentication')),
            [],
          );
          assert.equal((await exchanges(authress)).length, 1);
        }
      },
    );

    story(`a router that marks its own history entries notices the clean address (${topology})`, async ({ shop }) => {
      // Next.js marks its own history entries, and ignores a replacement that keeps the mark.
      const page = new BarePage(shop, {
        setup: `
          history.replaceState({ __NA: true, tree: [1] }, '');
          const { replaceState } = history;
          window.noted = [];
          history.replaceState = (state, ...rest) => {
            if (!state?.__NA) window.noted.push(new URL(rest[1], location.href).search);
            return replaceState.call(history, state, ...rest);
          };`,
      });
      await page.open('/?marked');
      await signIn(page);
      assert.deepEqual(await page.call('userSessionExists'), { value: true });
      assert.deepEqual(await page.page.evaluate(() => [window.noted, location.search]), [['?marked'], '?marked']);
    });

    story(`a browser that keeps no token cookie keeps the session (${topology})`, async ({ shop, authress }) => {
      const page = new BarePage(shop, {
        setup: `
          const { get } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
          Object.defineProperty(Document.prototype, 'cookie', { get, set() {}, configurable: true });`,
      });
      await page.open('/?swallows');
      await authress.clearLog();
      await signIn(page);
      assert.deepEqual(await page.call('userSessionExists'), { value: true });
      const userId = await userOf(page);
      const { value: token } = await page.call('getToken');
      assert.equal((await authress.verify(token)).sub, userId);
      await page.open('/?later');
      assert.deepEqual(await page.call('getToken'), { value: token });
      assert.equal(await userOf(page), userId);
      const started = (await authress.requests()).filter((request) => request === 'POST /api/authentication');
      assert.equal(started.length, 1);
    });
  });
}
