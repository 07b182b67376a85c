// Every public method with input that it cannot use: missing, null, of another type, and throwing. None of it is the
// client's own failure, so no call may end as InternalError, hang, or leave the page.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** Options that are good but for the one that is tried, and the names of all. */
const OPTIONS = {
  authenticate: [
    { connectionId: 'con_acorn' },
    [
      'connectionId',
      'tenantLookupIdentifier',
      'inviteId',
      'redirectUrl',
      'responseLocation',
      'flowType',
      'scopes',
      'audiences',
      'connectionProperties',
      'multiAccount',
      'redirectOpenType',
      'openType',
      'clearUserDataBeforeLogin',
    ],
  ],
  authenticateWithOneTimeCode: [
    { serviceClientId: 'sc_demoShop' },
    ['serviceClientId', 'inviteId', 'redirectUrl', 'responseLocation', 'flowType', 'scopes', 'audiences'],
  ],
  linkIdentity: [
    { connectionId: 'con_acorn' },
    ['connectionId', 'tenantLookupIdentifier', 'redirectUrl', 'connectionProperties', 'redirectOpenType'],
  ],
  linkIdentityWithOneTimeCode: [{ connectionId: 'con_acorn' }, ['connectionId', 'redirectUrl']],
  updateExtensionAuthenticationRequest: [
    { state: 's', connectionId: 'con_acorn' },
    ['state', 'connectionId', 'tenantLookupIdentifier', 'hint', 'connectionProperties'],
  ],
  userSessionExists: [{}, ['backgroundTrigger']],
  registerDevice: [{ type: 'TOTP', totp: { verificationCode: '123456' } }, ['name', 'type', 'totp']],
  openUserConfigurationScreen: [{}, ['startPage', 'redirectUrl']],
  requestToken: [{}, ['code', 'silent']],
};
const LIMITS = ['signal', 'timeoutInMillis'];

/** Runs in the page: calls every method of `client` with everything; gives `[call, outcome]` for each. */
async function callWithEverything([client, options, limits]) {
  const PATIENCE_MS = 60_000;
  const fail = () => {
    throw new Error('the application’s own');
  };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const wrong = {
    undefined: () => undefined,
    null: () => null,
    'empty string': () => '',
    string: () => 'x',
    zero: () => 0,
    number: () => 42,
    NaN: () => NaN,
    true: () => true,
    false: () => false,
    bigint: () => 5n,
    symbol: () => Symbol('x'),
    list: () => ['x'],
    'list of numbers': () => [5],
    'list with a throwing getter': () => Object.defineProperty(['x'], 0, { get: fail }),
    function: () => () => {},
    map: () => new Map(),
    date: () => new Date(),
    'String object': () => new String('x'),
    promise: () => Promise.resolve('x'),
    event: () => new Event('click'),
    controller: () => new AbortController(),
    'object that is no text': () => ({ toString: fail, toJSON: fail }),
    ring: () => {
      const ring = {};
      ring.ring = ring;
      return ring;
    },
    'throwing proxy': () => new Proxy({}, { get: fail, has: fail, ownKeys: fail }),
    'revoked proxy': revoked,
  };
  const it = window[client];
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(it)).filter((name) => name !== 'constructor');
  // A session that is over would hide what the others do with wrong input.
  methods.sort((left, right) => (left === 'logout') - (right === 'logout'));

  const settled = async (method, values) => {
    let timer;
    try {
      const hung = new Promise((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS, 'hung');
      });
      const done = Promise.resolve(it[method](...values)).then(() => 'done');
      return await Promise.race([done, hung]);
    } catch (error) {
      return error instanceof window.LoginError ? error.code : `${error?.name}: ${error?.message}`;
    } finally {
      clearTimeout(timer);
    }
  };
  const outcomes = [];
  for (const method of methods) {
    const calls = [[`${method}()`, []]];
    for (const [name, make] of Object.entries(wrong)) {
      calls.push([`${method}('x', ${name})`, ['x', make()]]);
      // An object without a type asks for a security key, which is no wrong input.
      if (method !== 'registerDevice' || !['ring', 'object that is no text'].includes(name))
        calls.push([`${method}(${name})`, [make()]]);
    }
    const [good, own] = options[method] ?? [{}, []];
    for (const option of [...own, ...limits]) {
      for (const [name, make] of Object.entries(wrong)) {
        if (method === 'registerDevice' && option === 'type' && [undefined, null, ''].includes(make())) continue;
        calls.push([`${method}({ ${option}: ${name} })`, [{ ...good, [option]: make() }]]);
      }
      const getter = Object.defineProperty({ ...good }, option, { get: fail, enumerable: true });
      calls.push([`${method}({ get ${option}() { throw } })`, [getter]]);
    }
    for (const [call, values] of calls) outcomes.push([call, await settled(method, values)]);
  }
  return outcomes;
}

describe('wrong input', () => {
  const story = stories('localhost');

  /** An anonymous shopper whose logins Authress refuses and whose page nothing leaves. */
  async function open(shop, authress, tab) {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const { sandboxUrl } = shop.stack;
    // 204 leaves a browser where it is.
    await tab.route(
      (url) => url.origin === sandboxUrl && ['/logout', '/settings', '/'].includes(url.pathname),
      (route) => route.fulfill({ status: 204 }),
    );
    await authress.fail('POST', '/api/authentication', { status: 429, times: 100_000 });
    await tab.evaluate(() => {
      window.isStillHere = true;
    });
    return page;
  }

  const unexpected = (outcomes) =>
    outcomes.filter(([call, outcome]) => {
      // Its failures are those of fetch itself.
      if (call.startsWith('fetch(') && /^(TypeError|Error|SyntaxError): /.test(outcome)) return false;
      return !/^[A-Za-z]+$/.test(outcome) || ['InternalError', 'ModuleLoadFailed', 'hung'].includes(outcome);
    });

  story(
    'of any method of a login client is no internal error, and leaves no page',
    async ({ shop, authress, page: tab }) => {
      await open(shop, authress, tab);
      const outcomes = await tab.evaluate(callWithEverything, ['login', OPTIONS, LIMITS]);
      assert.deepEqual(unexpected(outcomes), []);
      assert.ok(outcomes.length > 2_000, `${outcomes.length} calls`);
      assert.equal(await tab.evaluate(() => window.isStillHere), true);
      // What each option refuses is said about the option, and not by chance about something else.
      const of = Object.fromEntries(outcomes);
      for (const [method, [, own]] of Object.entries(OPTIONS)) {
        if (method === 'requestToken') continue;
        for (const option of [...own, ...LIMITS]) {
          // Without effect, as documented: not read.
          if (option === 'clearUserDataBeforeLogin') continue;
          assert.equal(of[`${method}({ get ${option}() { throw } })`], 'InvalidInput', `${method} ${option}`);
        }
      }
    },
  );

  story('of any method of an extension client is none either', async ({ shop, authress, page: tab }) => {
    await open(shop, authress, tab);
    await tab.evaluate((sandboxUrl) => {
      window.extension = new window.ExtensionClient(sandboxUrl, 'ext_planner');
    }, shop.stack.sandboxUrl);
    const outcomes = await tab.evaluate(callWithEverything, ['extension', OPTIONS, LIMITS]);
    assert.deepEqual(unexpected(outcomes), []);
    assert.equal(await tab.evaluate(() => window.isStillHere), true);
  });

  story('is refused by its code, before anything is sent', async ({ shop, authress, page: tab }) => {
    const page = await open(shop, authress, tab);
    await authress.clearLog();
    const outcomes = await tab.evaluate(async () => {
      const throwing = (name) =>
        Object.defineProperty({ connectionId: 'con_acorn' }, name, {
          get() {
            throw new Error('own');
          },
        });
      const calls = [
        ['authenticate', 'sc_shop'],
        ['authenticate', 42],
        ['authenticate', ['x']],
        ['authenticate', new Map()],
        ['authenticate', () => {}],
        ['authenticate', new Event('click')],
        ['authenticate', throwing('connectionId')],
        ['authenticate', throwing('redirectOpenType')],
        ['authenticate', { scopes: { length: 0 } }],
        ['authenticate', { connectionProperties: 'x' }],
        ['authenticate', { responseLocation: 5 }],
        ['authenticate', { responseLocation: 'body' }],
        ['authenticate', { signal: new AbortController() }],
        ['authenticate', { timeoutInMillis: '5' }],
        ['linkIdentity', throwing('connectionId')],
        ['logout', { redirectUrl: '/' }],
        ['logout', 5],
        ['logout', '/', 5],
        ['registerDevice'],
        ['registerDevice', null],
        ['registerDevice', 'Key'],
        ['registerDevice', { type: 5 }],
        ['getToken', { signal: 'x' }],
        ['getToken', 5],
        ['userSessionExists', 5],
        ['waitForUserSession', 5],
        ['getLoginResult', []],
        ['subscribe'],
        ['subscribe', 'x'],
      ];
      const outcomes = [];
      for (const [method, ...values] of calls) {
        try {
          await window.login[method](...values);
          outcomes.push('done');
        } catch (error) {
          outcomes.push(error.code);
        }
      }
      return outcomes;
    });
    const codes = new Set(outcomes);
    codes.delete('InvalidResponseLocation');
    assert.deepEqual([...codes], ['InvalidInput'], outcomes.join(' '));
    assert.equal(outcomes.filter((code) => code === 'InvalidResponseLocation').length, 2);
    assert.deepEqual(await authress.requests(), []);
    assert.equal((await page.call('userSessionExists')).value, true, 'nothing has ended the session');
  });

  story('that means the default is taken for it', async ({ shop, authress, page: tab }) => {
    const page = await open(shop, authress, tab);
    for (const limits of [{ timeoutInMillis: null }, { signal: null }, null, {}]) {
      assert.equal(typeof (await page.call('getToken', limits)).value, 'string');
      assert.equal((await page.call('userSessionExists', limits)).value, true);
    }
    // Refused by Authress, so it was sent.
    for (const options of [{ responseLocation: '' }, { timeoutInMillis: null }]) {
      const { error } = await page.call('authenticate', { connectionId: 'con_acorn', ...options });
      assert.deepEqual([error?.code, error?.status], ['RequestRefused', 429], JSON.stringify(options));
    }
  });
});
