// Bugs of the published client that this one does not have. Those that other files cover are not repeated: lost code
// verifiers of links, logins in two tabs, extensions, secrets in logs, sessions lost by a failed login.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** @import { Cast } from './support/story.mjs' */

const DAY_MS = 24 * 60 * 60 * 1000;
const RECORD = 'AuthenticationCredentialsStorage';

/** @type {(claims: object) => string} */
const encode = (claims) => Buffer.from(JSON.stringify(claims)).toString('base64url');
/**
 * An unsigned id token, as the `user` cookie may hold it.
 * @param {object} claims
 */
const idToken = (claims) => `.${encode(claims)}`;
/** @param {number} seconds */
const secondsFromNow = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/**
 * A shopper whose session only Authress has, since the browser has lost its part.
 * @param {Pick<Cast, 'shop' | 'authress' | 'page'>} cast
 */
async function shopperWithLostStorage({ shop, authress, page: tab }) {
  const page = new BarePage(shop);
  await page.open();
  await page.startAnonymous();
  const { sub } = await authress.verify((await page.call('getToken')).value);
  await shop.loseSession();
  await tab.goto(`${shop.stack.shopUrl}/?lost`);
  await page.isReady();
  await page.call('userSessionExists', { backgroundTrigger: true });
  await authress.clearLog();
  return { page, sub };
}

describe('on localhost', () => {
  const story = stories('localhost');

  story(
    'tokens in an address without a pending authorization are not stored, and removed from the address',
    async ({ shop, visitor, page: tab }) => {
      const { shop: attackersShop } = await visitor();
      const attacker = new BarePage(attackersShop);
      await attacker.open();
      const callback = attacker.page.waitForRequest((request) => request.url().includes('access_token='));
      await attacker.startAnonymous();
      const url = new URL((await callback).url());

      const page = new BarePage(shop);
      await page.open(`/${url.search}`);
      assert.equal((await page.call('userSessionExists')).value, false);
      assert.equal((await page.call('getUserIdentity')).value, null);
      assert.equal(await shop.token(), null);
      for (const name of ['access_token', 'id_token'])
        assert.ok(!new URL(await tab.url()).searchParams.has(name), name);

      await page.open();
      await page.startAnonymous();
      const token = (await page.call('getToken')).value;
      await page.open(`/${url.search}`);
      assert.equal((await page.call('getToken')).value, token);
    },
  );

  story('an expired token is an error, and not null', async ({ shop, context, stack }) => {
    await context.clock.install();
    const page = new BarePage(shop, { recordsEvents: true });
    await page.open();
    await page.startAnonymous();
    assert.ok((await page.call('getToken')).value);
    await context.clock.fastForward(DAY_MS);
    // The cookie is still there: the browser's own clock has not moved.
    assert.ok((await context.cookies(stack.shopUrl)).some(({ name }) => name === 'authorization'));
    assert.equal((await page.call('userSessionExists')).value, false);
    for (const timeoutInMillis of [0, 20]) {
      assert.equal((await page.call('getToken', { timeoutInMillis })).error?.code, 'TokenTimeout');
    }
    await page.hasStatus('signed-out');
  });

  story('null and undefined are never sent as a token', async ({ shop, authress, page: tab }) => {
    /** @type {import('playwright-core').Request[]} */
    const sent = [];
    tab.on('request', (request) => {
      if (request.url().startsWith(shop.stack.sandboxUrl)) sent.push(request);
    });
    const page = new BarePage(shop);
    await page.open();
    await authress.clearLog();
    /** @type {[method: string, ...values: unknown[]][]} */
    const calls = [
      ['getDevices'],
      ['getConnectionCredentials'],
      ['getUserProfile'],
      ['unlinkIdentity', 'con_acorn'],
      ['deleteDevice', 'd'],
      ['registerDevice', { type: 'TOTP', totp: { verificationCode: '123456' } }],
      ['linkIdentity', { connectionId: 'con_acorn' }],
    ];
    for (const call of calls) await page.call(...call);
    for (const request of sent) assert.doesNotMatch(String(request.headers().authorization), /null|^Bearer undefined/);
    assert.deepEqual(await authress.requests(), [], 'without a session no request is sent');
  });

  story('the page’s own load handler is called, and a later client works', async ({ shop, page: tab }) => {
    await tab.addInitScript(() => {
      window.loads = [];
      window.onload = () => window.loads.push('own');
    });
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const loads = await tab.evaluate(
      async (settings) => {
        for (let i = 0; i < 2; i += 1) new window.LoginClient(settings);
        window.dispatchEvent(new Event('load'));
        return window.loads;
      },
      { authressApiUrl: shop.stack.sandboxUrl, applicationId: shop.stack.applicationId },
    );
    assert.deepEqual(loads, ['own', 'own']);
    const later = await tab.evaluate(
      async (settings) => {
        const client = new window.LoginClient(settings);
        await client.userSessionExists({ backgroundTrigger: true });
        return client.getUserIdentity()?.userId;
      },
      { authressApiUrl: shop.stack.sandboxUrl, applicationId: shop.stack.applicationId },
    );
    assert.equal(later, (await page.call('getUserIdentity')).value.userId);
  });

  story('the history state of the page’s router stays when the address is cleaned', async ({ shop, page: tab }) => {
    await tab.addInitScript(() => {
      if (new URLSearchParams(location.search).has('nonce')) history.replaceState({ route: 'cart' }, '');
    });
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    assert.ok(!tab.url().includes('nonce'));
    assert.deepEqual(await tab.evaluate(() => history.state), { route: 'cart' });
  });

  story('an address with nothing to clean is not replaced', async ({ shop, page: tab }) => {
    await tab.addInitScript(() => {
      window.replaced = 0;
      const replace = History.prototype.replaceState;
      /** @type {History['replaceState']} */
      History.prototype.replaceState = function (...values) {
        window.replaced += 1;
        return replace.apply(this, values);
      };
    });
    const page = new BarePage(shop);
    await page.open('/?bare&q=a%20b&p=(f)!*&c=%c3&code=mine&state=mine');
    await page.call('userSessionExists');
    await tab.evaluate(() => window.login.sanitizeQueryParameters());
    await page.call('userSessionExists');
    const address = await tab.url();
    assert.ok(address.includes('?bare&q=a%20b&p=(f)!*&c=%c3&'), address);
    await page.open('/?bare&q=a%20b');
    await page.call('userSessionExists');
    assert.equal(await tab.evaluate(() => window.replaced), 0);
  });

  story('a refused request whose body is null is sent once', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    for (const body of ['null', '{}', '', '[]', '"text"']) {
      await authress.clearLog();
      await authress.fail('POST', '/api/authentication', { status: 400, body });
      const { error } = await page.call('authenticate', { connectionId: 'con_acorn' });
      assert.deepEqual([error.code, error.status, error.serverCode], ['RequestRefused', 400, undefined], body);
      assert.doesNotMatch(error.message, /\[object|undefined/);
      assert.equal(await authress.failuresLeft(), 0);
      // A refusal may be due to clock skew, which is checked and not found.
      assert.deepEqual(await authress.requests(), ['POST /api/authentication'], body);
    }
  });

  story('timers end with their call, and an undefined timeout means the default', async ({ shop, page: tab }) => {
    await tab.addInitScript(() => {
      const [set, clear] = [window.setTimeout, window.clearTimeout];
      window.timers = new Map();
      const counting = (
        /** @type {Function} */ handler,
        /** @type {number} */ milliseconds,
        /** @type {any[]} */ ...values
      ) => {
        const id = set(() => {
          window.timers.delete(id);
          handler(...values);
        }, milliseconds);
        window.timers.set(id, milliseconds);
        return id;
      };
      const clearing = (/** @type {number} */ id) => {
        window.timers.delete(id);
        clear(id);
      };
      Object.assign(window, { setTimeout: counting, clearTimeout: clearing });
    });
    const page = new BarePage(shop);
    await page.open();
    const timers = () => tab.evaluate(() => [...window.timers.values()]);
    await tab.evaluate(() => {
      window.abort = new AbortController();
      window.waiting = window.login
        .ensureToken({ timeoutInMillis: undefined, signal: window.abort.signal })
        .catch(() => {});
    });
    await until(async () => (await timers()).includes(5_000), true, 'undefined means the default of five seconds');
    await tab.evaluate(() => {
      window.abort.abort();
      return window.waiting;
    });
    await until(async () => (await timers()).includes(5_000), false);
    await page.startAnonymous();
    await page.call('ensureToken', { timeoutInMillis: 54_321 });
    await page.call('ensureToken', { timeoutInMillis: -1 });
    await page.call('userSessionExists', { timeoutInMillis: 65_432 });
    // The driver has timers of its own; the longest one is for the end of the session.
    const long = (await timers()).filter((milliseconds) => milliseconds > 15_000 && milliseconds !== 600_000);
    assert.deepEqual(long, []);
  });

  story(
    'a tab that a login opens has no opener, and if none can be opened the page is left',
    async ({ shop, context, page: tab }) => {
      const page = new BarePage(shop);
      await page.open('/?here');
      const opened = context.waitForEvent('page');
      assert.equal((await page.call('authenticate', { connectionId: 'con_acorn', openType: 'tab' })).value, null);
      const other = await opened;
      await other.waitForURL(`${shop.stack.sandboxUrl}/sandbox/provider/con_acorn?**`);
      assert.equal(await other.evaluate(() => window.opener), null);
      assert.equal(new URL(await tab.url()).search, '?here', 'the browser stays on this page');

      await tab.evaluate(() => {
        window.open = () => null;
      });
      await page.leave('authenticate', { connectionId: 'con_acorn', redirectOpenType: 'tab' });
      await shop.isAtProvider('con_acorn');
    },
  );
});

describe('with cookies', () => {
  const story = stories('https');

  story('a foreground check does not use the background check’s false', async (cast) => {
    const { page, sub } = await shopperWithLostStorage(cast);
    const outcome = await page.page.evaluate(
      async (settings) => {
        const client = new window.LoginClient(settings); // Its background check starts now.
        const [background, foreground, token] = await Promise.all([
          client.userSessionExists({ backgroundTrigger: true }),
          client.userSessionExists(),
          client.getToken(),
        ]);
        return [background, foreground, typeof token];
      },
      { authressApiUrl: cast.stack.sandboxUrl, applicationId: cast.stack.applicationId },
    );
    assert.deepEqual(outcome, [false, true, 'string']);
    assert.deepEqual(await cast.authress.requests(), ['PATCH /api/session']);
    assert.equal((await page.call('getUserIdentity')).value.userId, sub);
  });

  story(
    'no cookie of a session survives a logout, on whichever domain it was set',
    async ({ shop, context, stack }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
      const { hostname } = new URL(stack.shopUrl);
      const planted = ['authorization', 'user', 'auth-code', 'AuthUserId'].flatMap((name) =>
        [hostname, `.${hostname}`, '.shop.test'].map((domain) => ({
          name,
          value: 'left',
          domain,
          path: '/',
          secure: true,
        })),
      );
      const own = { name: 'theme', value: 'dark', domain: hostname, path: '/' };
      await context.addCookies([...planted, own]);
      await page.leave('logout', '/?bye');
      await page.hasReturnedTo('/?bye');
      const left = await context.cookies([stack.shopUrl, stack.sandboxUrl]);
      assert.deepEqual(
        left.map(({ name, domain }) => `${name} ${domain}`),
        [`theme ${hostname}`],
      );
    },
  );

  /**
   * Logs in with a code that comes in a cookie.
   * @param {BarePage} page
   */
  async function loginByCookie(page) {
    const connectionId = page.shop.stack.shopperConnectionId;
    await page.leave('authenticate', {
      connectionId,
      redirectUrl: '/?started',
      flowType: 'code',
      responseLocation: 'cookie',
    });
    await page.hasReturnedTo('/?started');
    assert.equal((await page.call('getLoginResult')).value?.status, 'signed-in');
  }

  story('an exchange whose response is lost is retried, and signs in', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    // The browser itself retries once, and the client once more.
    await authress.drop('POST', '/api/authentication/', { times: 2 });
    await loginByCookie(page);
    await authress.verify((await page.call('getToken')).value);
    assert.ok(
      (await authress.requests()).filter((request) => request.endsWith('/tokens')).length >= 2,
      'a response was lost',
    );
    assert.equal(new URL(await tab.url()).search, '?started');
  });

  story('a code that came in a cookie is removed after the exchange', async ({ shop, authress, context, stack }) => {
    const page = new BarePage(shop);
    await page.open();
    await loginByCookie(page);
    await authress.verify((await page.call('getToken')).value);
    const cookies = await context.cookies([stack.shopUrl, stack.sandboxUrl]);
    assert.deepEqual(
      cookies.map(({ name }) => name).filter((name) => name === 'auth-code'),
      [],
    );
  });

  story('an identity of a look-alike issuer is ignored', async ({ shop, context, stack, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    // The user of the access token: an identity of another user would be ignored.
    const { userId } = (await page.call('getUserIdentity')).value;
    /** @param {string} iss */
    const identityOf = async (iss) => {
      const newIdToken = idToken({ iss, sub: userId, exp: secondsFromNow(3600) });
      await tab.evaluate(
        ({ key, idToken }) => {
          // As if the access token were in an HttpOnly cookie: only the identity is checked.
          localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), idToken, jsCookies: false });
        },
        { key: RECORD, idToken: newIdToken },
      );
      return (await page.call('getUserIdentity')).value?.userId ?? null;
    };
    assert.equal(await identityOf('https://login.shop.test'), userId);
    for (const iss of [
      'https://evillogin.shop.test',
      'https://n.shop.test',
      'https://login.shop.test.evil.test',
      'https://evil.test/login.shop.test',
      'nonsense',
      '',
    ]) {
      assert.equal(await identityOf(iss), null, iss);
    }
    assert.ok(await tab.evaluate((key) => localStorage[key], RECORD), 'and reading removes nothing');
    await context.clearCookies();
    assert.equal(stack.sandboxUrl, 'https://login.shop.test');
  });

  story('a user cookie that Authress has not just set is no session, and stays', async (cast) => {
    const { shop, authress, context, stack, page: tab } = cast;
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true } });
    await page.open();
    for (const claims of [{}, { iss: stack.sandboxUrl }, { azp: 'con_acorn', name: 'You' }]) {
      const value = idToken({ sub: 'user_bare', exp: secondsFromNow(3600), ...claims });
      await context.addCookies([{ name: 'user', value, domain: '.shop.test', path: '/', secure: true }]);
      await authress.clearLog();
      assert.deepEqual(await page.call('userSessionExists'), { value: false });
      assert.deepEqual(await page.call('getUserIdentity'), { value: null });
      assert.equal((await page.snapshot()).status, 'signed-out');
      assert.equal(await tab.evaluate((key) => localStorage[key], RECORD), undefined);
      assert.ok((await context.cookies(stack.shopUrl)).some(({ name }) => name === 'user'));
      await tab.reload();
      await page.isReady();
    }
  });

  story('a client for another host sends its requests to that host', async (cast) => {
    const { page } = await shopperWithLostStorage(cast);
    // The page's policy forbids the requests, and reports where they were to go.
    const outcome = await page.page.evaluate(
      async (settings) => {
        const hosts = new Set();
        document.addEventListener('securitypolicyviolation', (event) => {
          event.stopPropagation(); // It is expected.
          hosts.add(new URL(event.blockedURI).hostname);
        });
        const clients = [settings, { ...settings, authressApiUrl: 'https://login.other.test' }].map(
          (one) => new window.LoginClient(one, {}),
        );
        const found = await Promise.all(clients.map((client) => client.userSessionExists()));
        // No cookie of this page reaches the other host, so only a login sends a request.
        await clients[1].authenticate({ connectionId: 'con_acorn' }).catch(() => {});
        return [found, [...hosts]];
      },
      { authressApiUrl: cast.stack.sandboxUrl, applicationId: cast.stack.applicationId },
    );
    assert.deepEqual(outcome, [[true, false], ['login.other.test']]);
  });

  story('the state of an authorization request cannot change the path of the request', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.call('userSessionExists');
    const sent = tab.waitForRequest((request) => request.method() === 'PATCH');
    await page.call('updateExtensionAuthenticationRequest', { state: '../session?a=/b#c', connectionId: 'con_acorn' });
    const { pathname, search, hash } = new URL((await sent).url());
    assert.match(pathname, /^\/api\/authentication\/[^/]+$/);
    assert.deepEqual(
      [decodeURIComponent(pathname.split('/').at(-1) ?? ''), search, hash],
      ['../session?a=/b#c', '', ''],
    );
  });
});
