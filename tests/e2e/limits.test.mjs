// Calls end when they are told to: by a signal or a deadline, and with an error that says why.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

const START = '/api/authentication';
/** Longer than anything here takes, in milliseconds. */
const LONG_MS = 60_000;

/** No login is under way, and the browser is where it was. */
async function stayed(page) {
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
    const request = tab.waitForRequest((request) => request.method() === 'POST');
    await tab.evaluate((connectionId) => {
      window.abort = new AbortController();
      window.login.authenticate({ connectionId, signal: window.abort.signal }).catch((error) => {
        window.outcome = [error === window.abort.signal.reason, error.message];
      });
    }, stack.shopperConnectionId);
    await request;
    const failed = tab.waitForEvent('requestfailed');
    await tab.evaluate(() => window.abort.abort(new Error('enough')));
    await until(() => tab.evaluate(() => window.outcome), [true, 'enough']);
    assert.equal((await failed).method(), 'POST', 'the request itself is given up');

    const { value } = await page.call('authenticate', {
      connectionId: 'con_acorn',
      redirectOpenType: 'client-managed',
    });
    assert.ok(value.authenticationUrl);
    const nonce = await tab.evaluate(() => JSON.parse(localStorage.AuthenticationRequestNonce).nonce);
    assert.equal(nonce, value.authenticationRequestId, 'the only login that is under way');
    assert.equal(new URL(await tab.url()).search, '?here');
  });

  story('that is aborted already keeps everything from happening', async ({ shop, authress, page: tab }) => {
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
          (error) => error === signal.reason,
        ),
      ]);
      return Object.fromEntries(await Promise.all(entries));
    });
    assert.deepEqual([...new Set(Object.values(outcomes))], [true], JSON.stringify(outcomes));
    assert.ok(Object.keys(outcomes).length >= 19);
    assert.deepEqual(await authress.requests(), []);
    await stayed(page);
  });

  story('ends waiting for a session, and nothing else', async ({ shop, newTab, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await tab.evaluate(() => {
      window.abort = new AbortController();
      window.outcomes = {};
      const keep = (name) => [
        (value) => {
          window.outcomes[name] = value;
        },
        (error) => {
          window.outcomes[name] = error.message;
        },
      ];
      window.login.waitForUserSession({ signal: window.abort.signal }).then(...keep('aborted'));
      window.login.ensureToken({ signal: window.abort.signal, timeoutInMillis: -1 }).then(...keep('token'));
      window.login.waitForUserSession().then(...keep('patient'));
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

describe('a check that several wait for', () => {
  const story = stories('https');

  story('goes on when one of them gives it up', async ({ shop, authress, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    // Only Authress knows of the session now.
    await tab.evaluate(() => localStorage.clear());
    await context.clearCookies({ name: 'authorization' });
    await context.clearCookies({ name: 'user' });
    await tab.goto(`${shop.stack.shopUrl}/?again`);
    await page.isReady();
    await authress.clearLog();
    await authress.delay('PATCH', '/api/session', 2_000);
    const asked = tab.waitForRequest((request) => request.method() === 'PATCH');
    await tab.evaluate(() => {
      window.abort = new AbortController();
      const { signal } = window.abort;
      window.first = window.login.userSessionExists({ signal }).catch((error) => error === signal.reason);
      window.second = window.login.userSessionExists();
      window.third = window.login.userSessionExists({ timeoutInMillis: 50 }).catch((error) => error.code);
    });
    await asked;
    await tab.evaluate(() => window.abort.abort(new Error('enough')));
    assert.deepEqual(await tab.evaluate(() => Promise.all([window.first, window.second, window.third])), [
      true,
      true,
      'RequestTimeout',
    ]);
    assert.deepEqual(await authress.requests(), ['PATCH /api/session'], 'it was asked once');
    assert.equal((await authress.verify((await page.call('getToken')).value)).sub, sub);
  });

  story('does not hold a token up for longer than was allowed', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await authress.delay('PATCH', '/api/session', LONG_MS);
    let isAnswered = false;
    tab.on('response', (response) => {
      isAnswered ||= response.request().method() === 'PATCH';
    });
    const { error } = await page.call('ensureToken', { timeoutInMillis: 100 });
    assert.equal(error.code, 'TokenTimeout');
    assert.equal(isAnswered, false, 'Authress has not answered yet');
  });
});

describe('a deadline', () => {
  const story = stories('localhost');

  story('ends a login that nobody answers', async ({ shop, authress, stack, page: tab }) => {
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
    await stayed(page);
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
  });

  story('holds for a module that does not arrive', async ({ shop, context }) => {
    let release;
    const held = new Promise((resolve) => {
      release = resolve;
    });
    await context.route('**/*.wasm', async (route) => {
      await held;
      await route.continue();
    });
    const page = new BarePage(shop);
    await page.open('/?here');
    assert.equal((await page.call('getLoginResult', { timeoutInMillis: 50 })).error.code, 'RequestTimeout');
    release();
    assert.equal((await page.call('userSessionExists')).value, false);
  });

  story('may be left out', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await page.call('userSessionExists');
    for (const timeoutInMillis of [-1, Infinity, undefined]) {
      await authress.delay('POST', START, 100);
      const options = { connectionId: 'con_acorn', redirectOpenType: 'client-managed', timeoutInMillis };
      const started = await tab.evaluate((options) => window.login.authenticate(options), options);
      assert.ok(started.authenticationRequestId, String(timeoutInMillis));
    }
  });
});

describe('an error', () => {
  const story = stories('localhost');

  story('keeps what the browser said about the network', async ({ shop, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const failed = () =>
      tab.evaluate(async () => {
        const error = await window.login.authenticate({ connectionId: 'con_acorn' }).catch((error) => error);
        const { code, cause, status } = error;
        return [code, cause instanceof TypeError, cause?.message, cause?.cause?.message, status];
      });
    await page.call('userSessionExists');
    await context.setOffline(true);
    assert.deepEqual(await failed(), ['AuthressSdkNetworkError', true, 'Failed to fetch', undefined, undefined]);
  });

  story('about an option names it and keeps its value to itself', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    // A token where it does not belong must not end up in a log.
    const secret = ['eyJhbGciOiJFZERTQSJ9', 'c2VjcmV0LXZhbHVl'];
    const text = secret.join('.');
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
      // This one has a code of its own, as in the published client.
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
