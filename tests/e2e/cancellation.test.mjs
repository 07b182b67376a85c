// Cancellation and deadlines: calls end by an AbortSignal or after timeoutInMillis, with an error that says why.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

const START = '/api/authentication';
/** Longer than anything here takes, in milliseconds. */
const LONG_MS = 60_000;

/**
 * No authorization is pending, and the browser is on the same page.
 * @param {BarePage} page
 */
async function isUnchanged(page) {
  const { origin, search } = new URL(await page.page.url());
  assert.deepEqual([origin, search], [page.shop.stack.shopUrl, '?here']);
  const kept = await page.page.evaluate(() => Object.keys(localStorage));
  assert.deepEqual(
    kept.filter((key) => key.startsWith('AuthenticationRequest')),
    [],
  );
}

describe('a signal', () => {
  const story = stories('localhost');

  story('keeps a login from leaving the page', async ({ shop, authress, stack, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await authress.clearLog();
    await authress.delay('POST', START, LONG_MS);
    const sent = tab.waitForRequest((request) => request.method() === 'POST');
    await tab.evaluate((connectionId) => {
      window.abort = new AbortController();
      window.login.authenticate({ connectionId, signal: window.abort.signal }).catch((error) => {
        window.outcome = [error === window.abort.signal.reason, error.message];
      });
    }, stack.shopperConnectionId);
    await sent;
    // The browser may still be asking by a preflight whether it may send the request.
    await until(() => authress.failuresLeft(), 0);
    const failed = tab.waitForEvent('requestfailed');
    await tab.evaluate(() => window.abort.abort(new Error('enough')));
    await until(() => tab.evaluate(() => window.outcome), [true, 'enough']);
    assert.equal((await failed).method(), 'POST', 'the request itself is aborted');

    const { value } = await page.call('authenticate', {
      connectionId: 'con_acorn',
      redirectOpenType: 'client-managed',
    });
    assert.ok(value.authenticationUrl);
    const nonce = await tab.evaluate(() => JSON.parse(localStorage.AuthenticationRequestNonce).nonce);
    assert.equal(nonce, value.authenticationRequestId, 'the only pending authorization');
    assert.equal(new URL(await tab.url()).search, '?here');
  });

  story('that is aborted already prevents every call', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await page.call('userSessionExists');
    await authress.clearLog();
    const outcomes = await tab.evaluate(async () => {
      const signal = AbortSignal.abort(new Error('before'));
      const calls = {
        authenticate: [{ connectionId: 'con_acorn', signal }],
        authenticateWithOneTimeCode: [{ serviceClientId: 'sc_demoShop', signal }],
        linkIdentity: [{ connectionId: 'con_acorn', signal }],
        linkIdentityWithOneTimeCode: [{ connectionId: 'con_acorn', signal }],
        unlinkIdentity: ['con_acorn', { signal }],
        updateExtensionAuthenticationRequest: [{ state: 's', connectionId: 'con_acorn', signal }],
        getLinkResult: [{ signal }],
        getLoginResult: [{ signal }],
        userSessionExists: [{ signal }],
        waitForUserSession: [{ signal }],
        ensureToken: [{ signal }],
        getToken: [{ signal, timeoutInMillis: 0 }],
        getUserProfile: [{ signal }],
        getConnectionCredentials: [{ signal }],
        getDevices: [{ signal }],
        registerDevice: [{ type: 'TOTP', totp: { verificationCode: '1' }, signal }],
        deleteDevice: ['device', { signal }],
        openUserConfigurationScreen: [{ signal }],
        logout: ['/?left', { signal }],
      };
      const entries = Object.entries(calls).map(async ([method, values]) => [
        method,
        await window.login[method](...values).then(
          () => 'done',
          (/** @type {unknown} */ error) => error === signal.reason,
        ),
      ]);
      return Object.fromEntries(await Promise.all(entries));
    });
    assert.deepEqual([...new Set(Object.values(outcomes))], [true], JSON.stringify(outcomes));
    assert.ok(Object.keys(outcomes).length >= 19);
    assert.deepEqual(await authress.requests(), []);
    await isUnchanged(page);
  });

  story('ends waiting for a session, and nothing else', async ({ shop, newTab, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await tab.evaluate(() => {
      window.abort = new AbortController();
      window.outcomes = {};
      /** @type {(name: string, call: Promise<unknown>) => void} */
      const keep = (name, call) => {
        call
          .catch((/** @type {Error} */ error) => error.message)
          .then((outcome) => {
            window.outcomes[name] = outcome;
          });
      };
      keep('aborted', window.login.waitForUserSession({ signal: window.abort.signal }));
      keep('token', window.login.ensureToken({ signal: window.abort.signal, timeoutInMillis: -1 }));
      keep('patient', window.login.waitForUserSession());
      window.abort.abort(new Error('no longer'));
    });
    const outcomes = () => tab.evaluate(() => window.outcomes);
    await until(outcomes, { aborted: 'no longer', token: 'no longer' });
    const other = new BarePage(await newTab());
    await other.open();
    await other.startAnonymous();
    await until(outcomes, { aborted: 'no longer', token: 'no longer', patient: true });
  });
});

describe('a check that several calls share', () => {
  const story = stories('https');

  story('goes on when one of them is cancelled', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    await shop.loseSession();
    await tab.goto(`${shop.stack.shopUrl}/?again`);
    await page.isReady();
    await authress.clearLog();
    await authress.delay('PATCH', '/api/session', 2_000);
    const sent = tab.waitForRequest((request) => request.method() === 'PATCH');
    await tab.evaluate(() => {
      window.abort = new AbortController();
      const { signal } = window.abort;
      window.first = window.login.userSessionExists({ signal }).catch((error) => error === signal.reason);
      window.second = window.login.userSessionExists();
      window.third = window.login.userSessionExists({ timeoutInMillis: 50 }).catch((error) => error.code);
    });
    await sent;
    await tab.evaluate(() => window.abort.abort(new Error('enough')));
    assert.deepEqual(await tab.evaluate(() => Promise.all([window.first, window.second, window.third])), [
      true,
      true,
      'RequestTimeout',
    ]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session'], 'one request for all');
    assert.equal((await authress.verify((await page.call('getToken')).value)).sub, sub);
  });

  story('does not delay a token beyond its deadline', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await authress.delay('PATCH', '/api/session', LONG_MS);
    let hasResponded = false;
    tab.on('response', (response) => {
      hasResponded ||= response.request().method() === 'PATCH';
    });
    const { error } = await page.call('ensureToken', { timeoutInMillis: 100 });
    assert.equal(error.code, 'TokenTimeout');
    assert.equal(hasResponded, false, 'Authress has not responded yet');
  });
});

describe('a deadline', () => {
  const story = stories('localhost');

  story('ends a login without a response', async ({ shop, authress, stack, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await page.call('userSessionExists');
    await authress.delay('POST', START, LONG_MS);
    const failed = tab.waitForEvent('requestfailed');
    const { error } = await page.call('authenticate', {
      connectionId: stack.shopperConnectionId,
      timeoutInMillis: 300,
    });
    assert.deepEqual([error.code, error.name, error.isLoginError], ['RequestTimeout', 'LoginError', true]);
    assert.match(error.message, /timeoutInMillis/);
    assert.equal((await failed).method(), 'POST');
    await isUnchanged(page);
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
  });

  story('also ends the wait for the module', async ({ shop, context }) => {
    let release = () => {};
    /** @type {Promise<void>} */
    const held = new Promise((resolve) => {
      release = resolve;
    });
    await context.route('**/*.wasm', async (route) => {
      await held;
      await route.continue();
    });
    const page = new BarePage(shop);
    await page.open('/?here');
    const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed' };
    const late = await page.call('authenticate', { ...options, timeoutInMillis: 50 });
    assert.equal(late.error.code, 'RequestTimeout');
    release();
    assert.ok((await page.call('authenticate', options)).value.authenticationUrl);
  });

  story('is optional', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await page.call('userSessionExists');
    for (const timeoutInMillis of [-1, Infinity, undefined]) {
      await authress.delay('POST', START, 100);
      /** @type {import('authress-login-wasm').AuthenticateOptions} */
      const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed', timeoutInMillis };
      const started = await tab.evaluate((given) => window.login.authenticate(given), options);
      assert.ok(started?.authenticationRequestId, String(timeoutInMillis));
    }
  });
});

describe('an error', () => {
  const story = stories('localhost');

  story('has the browser’s network error as its cause', async ({ shop, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const failed = () =>
      tab.evaluate(async () => {
        const error = await window.login.authenticate({ connectionId: 'con_acorn' }).catch((reason) => reason);
        const { code, cause, status } = error;
        return [code, cause instanceof TypeError, cause?.message, cause?.cause?.message, status];
      });
    // It loads the module, which would be missing offline.
    await page.call('getUserProfile');
    await context.setOffline(true);
    assert.deepEqual(await failed(), ['AuthressSdkNetworkError', true, 'Failed to fetch', undefined, undefined]);
  });

  story('about an option names it, and not its value', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    // A token in the wrong place must not end up in a log.
    const secret = ['eyJhbGciOiJFZERTQSJ9', 'c2VjcmV0LXZhbHVl'];
    const text = secret.join('.');
    /** @type {[method: string, option: string, value: unknown][]} */
    const wrong = [
      ['authenticate', 'connectionId', secret],
      ['authenticate', 'tenantLookupIdentifier', secret],
      ['authenticate', 'inviteId', secret],
      ['authenticate', 'redirectUrl', secret],
      ['authenticate', 'responseLocation', secret],
      ['authenticate', 'flowType', secret],
      ['authenticate', 'scopes', text],
      ['authenticate', 'audiences', [1, text]],
      ['authenticate', 'multiAccount', text],
      ['authenticateWithOneTimeCode', 'serviceClientId', secret],
      ['linkIdentity', 'connectionId', secret],
      ['linkIdentity', 'redirectUrl', secret],
      ['linkIdentityWithOneTimeCode', 'connectionId', secret],
      ['ensureToken', 'timeoutInMillis', text],
      ['openUserConfigurationScreen', 'startPage', secret],
      ['registerDevice', 'name', secret],
      ['updateExtensionAuthenticationRequest', 'state', secret],
      ['updateExtensionAuthenticationRequest', 'hint', secret],
    ];
    for (const [method, option, value] of wrong) {
      const { error } = await page.call(method, { [option]: value });
      const where = `${method} ${option}`;
      // This option has a code of its own, as in the published client.
      const code = option === 'responseLocation' ? 'InvalidResponseLocation' : 'InvalidInput';
      assert.deepEqual([error?.code, error?.isLoginError], [code, true], where);
      assert.ok(error.message.includes(option), `${where}: ${error.message}`);
      for (const part of secret) assert.ok(!error.message.includes(part), `${where} repeats the value`);
    }
    const { error } = await page.call('registerDevice', { type: text });
    assert.equal(error.code, 'InvalidInput');
    assert.ok(!error.message.includes(text));
  });
});
