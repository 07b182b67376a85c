// Invalid input to every public method: missing, null, of another type, or throwing. It is no failure of the client, so no
// call may end as InternalError, hang, or leave the page.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** @import { Cast } from './support/story.mjs' */

/**
 * For each method valid options, and the names of all options that are replaced by invalid ones.
 * @type {Record<string, [valid: object, names: string[]]>}
 */
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

/**
 * @param {string} client
 * @returns {[client: string, options: typeof OPTIONS, limits: string[]]}
 */
const input = (client) => [client, OPTIONS, LIMITS];

/**
 * Runs in the page: calls every method of `client` with every kind of invalid input.
 * @param {ReturnType<typeof input>} input
 * @returns {Promise<[call: string, outcome: string][]>}
 */
async function callWithInvalidInput([client, options, limits]) {
  const PATIENCE_MS = 60_000;
  const fail = () => {
    throw new Error('the application’s own');
  };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  /** @type {Record<string, () => any>} */
  const invalid = {
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
      /** @type {{ ring?: object }} */
      const ring = {};
      ring.ring = ring;
      return ring;
    },
    'throwing proxy': () => new Proxy({}, { get: fail, has: fail, ownKeys: fail }),
    'revoked proxy': revoked,
  };
  const it = window[client];
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(it)).filter((name) => name !== 'constructor');
  // Last, because the others need a session.
  methods.sort((left, right) => Number(left === 'logout') - Number(right === 'logout'));

  /** @type {(method: string, values: unknown[]) => Promise<string>} */
  const settled = async (method, values) => {
    /** @type {number | undefined} */
    let timer;
    try {
      /** @type {Promise<string>} */
      const hung = new Promise((resolve) => {
        timer = window.setTimeout(resolve, PATIENCE_MS, 'hung');
      });
      const done = Promise.resolve(it[method](...values)).then(() => 'done');
      return await Promise.race([done, hung]);
    } catch (error) {
      return error instanceof window.LoginError ? error.code : `${error?.name}: ${error?.message}`;
    } finally {
      clearTimeout(timer);
    }
  };
  /** @type {[string, string][]} */
  const outcomes = [];
  for (const method of methods) {
    /** @type {[call: string, values: unknown[]][]} */
    const calls = [[`${method}()`, []]];
    for (const [name, make] of Object.entries(invalid)) {
      calls.push([`${method}('x', ${name})`, ['x', make()]]);
      // An object without a type is valid: it registers a security key.
      if (method !== 'registerDevice' || !['ring', 'object that is no text'].includes(name))
        calls.push([`${method}(${name})`, [make()]]);
    }
    const [valid, own] = options[method] ?? [{}, []];
    for (const option of [...own, ...limits]) {
      for (const [name, make] of Object.entries(invalid)) {
        if (method === 'registerDevice' && option === 'type' && ['undefined', 'null', 'empty string'].includes(name))
          continue;
        calls.push([`${method}({ ${option}: ${name} })`, [{ ...valid, [option]: make() }]]);
      }
      const getter = Object.defineProperty({ ...valid }, option, { get: fail, enumerable: true });
      calls.push([`${method}({ get ${option}() { throw } })`, [getter]]);
    }
    for (const [call, values] of calls) outcomes.push([call, await settled(method, values)]);
  }
  return outcomes;
}

describe('invalid input', () => {
  const story = stories('localhost');

  /**
   * Opens a page as an anonymous shopper. Authress refuses logins, and navigations do not leave the page.
   * @param {Cast} cast
   */
  async function open({ shop, authress, page: tab }) {
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

  /** @param {[call: string, outcome: string][]} outcomes */
  const unexpected = (outcomes) =>
    outcomes.filter(([call, outcome]) => {
      // Failures of fetch itself are passed on.
      if (call.startsWith('fetch(') && /^(TypeError|Error|SyntaxError): /.test(outcome)) return false;
      return !/^[A-Za-z]+$/.test(outcome) || ['InternalError', 'ModuleLoadFailed', 'hung'].includes(outcome);
    });

  story('of any method of a login client is no internal error, and leaves no page', async (cast) => {
    const { page: tab } = cast;
    await open(cast);
    const outcomes = await tab.evaluate(callWithInvalidInput, input('login'));
    assert.deepEqual(unexpected(outcomes), []);
    assert.ok(outcomes.length > 2_000, `${outcomes.length} calls`);
    assert.equal(await tab.evaluate(() => window.isStillHere), true);
    // Each option is checked itself: the error is not about something else by chance.
    const outcomeOf = Object.fromEntries(outcomes);
    for (const [method, [, own]] of Object.entries(OPTIONS)) {
      if (method === 'requestToken') continue;
      for (const option of [...own, ...LIMITS]) {
        // It has no effect and is not read, as documented.
        if (option === 'clearUserDataBeforeLogin') continue;
        assert.equal(outcomeOf[`${method}({ get ${option}() { throw } })`], 'InvalidInput', `${method} ${option}`);
      }
    }
  });

  story('of any method of an extension client is none either', async (cast) => {
    const { shop, page: tab } = cast;
    await open(cast);
    await tab.evaluate((sandboxUrl) => {
      window.extension = new window.ExtensionClient(sandboxUrl, 'ext_planner');
    }, shop.stack.sandboxUrl);
    const outcomes = await tab.evaluate(callWithInvalidInput, input('extension'));
    assert.deepEqual(unexpected(outcomes), []);
    assert.equal(await tab.evaluate(() => window.isStillHere), true);
  });

  story('is rejected with its code, before a request is sent', async (cast) => {
    const { authress, page: tab } = cast;
    const page = await open(cast);
    await authress.clearLog();
    const outcomes = await tab.evaluate(async () => {
      /** @param {string} name */
      const throwing = (name) =>
        Object.defineProperty({ connectionId: 'con_acorn' }, name, {
          get() {
            throw new Error('own');
          },
        });
      /** @type {[method: string, ...values: unknown[]][]} */
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
      const codes = [];
      for (const [method, ...values] of calls) {
        try {
          await window.login[method](...values);
          codes.push('done');
        } catch (error) {
          codes.push(error.code);
        }
      }
      return codes;
    });
    const codes = new Set(outcomes);
    codes.delete('InvalidResponseLocation');
    assert.deepEqual([...codes], ['InvalidInput'], outcomes.join(' '));
    assert.equal(outcomes.filter((code) => code === 'InvalidResponseLocation').length, 2);
    assert.deepEqual(await authress.requests(), []);
    assert.equal((await page.call('userSessionExists')).value, true, 'the session has not ended');
  });

  story('that stands for the default is accepted', async (cast) => {
    const page = await open(cast);
    for (const limits of [{ timeoutInMillis: null }, { signal: null }, null, {}]) {
      assert.equal(typeof (await page.call('getToken', limits)).value, 'string');
      assert.equal((await page.call('userSessionExists', limits)).value, true);
    }
    // Authress has refused it, so it was sent.
    for (const options of [{ responseLocation: '' }, { timeoutInMillis: null }]) {
      const { error } = await page.call('authenticate', { connectionId: 'con_acorn', ...options });
      assert.deepEqual([error?.code, error?.status], ['RequestRefused', 429], JSON.stringify(options));
    }
  });
});
