// The package without a page: on servers and in workers, in each of its forms.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { workspace } from './support/stack.mjs';

/** Node's options, how the package is imported, and whether the form has the module. */
/** @type {Record<string, { options?: string[], from: string, hasModule: boolean }>} */
const FORMS = {
  'imported by Node.js': { from: "import * as it from 'authress-login-wasm';", hasModule: false },
  'required by Node.js': {
    from: "import { createRequire } from 'node:module'; const it = createRequire(import.meta.url)('authress-login-wasm');",
    hasModule: false,
  },
  'of a worker': { options: ['-C', 'workerd'], from: "import * as it from 'authress-login-wasm';", hasModule: false },
  'of a development server': {
    options: ['-C', 'development'],
    from: "import * as it from 'authress-login-wasm';",
    hasModule: true,
  },
  'that a bundler takes for browsers': {
    options: ['-C', 'module', '-C', 'browser'],
    from: "import * as it from 'authress-login-wasm';",
    hasModule: true,
  },
  'with the bytes inside': { from: "import * as it from 'authress-login-wasm/inline';", hasModule: true },
};

/** Prints the outcome of every method of both classes: a value, `pending`, or the code of the error. */
const CALLS = `
const settle = (promise) => Promise.race([
  promise.then((value) => ({ value }), ({ code, message }) => ({ code, message })),
  new Promise((resolve) => { setTimeout(resolve, 1_000, 'pending'); }),
]);
const requested = [];
globalThis.fetch = async (input) => { requested.push(String(input?.url ?? input)); throw new TypeError('no network'); };
WebAssembly.instantiate = async () => { requested.push('an instance'); throw new TypeError('no instance'); };
const login = new it.LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: 'app_shop', anonymousConnectionId: 'sc_shop' });
const extension = new it.ExtensionClient('https://login.example.com', 'ext_shop');
const outcome = {};
const values = { fetch: ['/api/cart'], linkIdentity: [{ connectionId: 'con_a' }], requestToken: [] };
for (const client of [login, extension]) {
  for (const method of Object.getOwnPropertyNames(client.constructor.prototype)) {
    if (['constructor', 'subscribe', 'getSnapshot', 'getMatchingDomainInfo', 'sanitizeQueryParameters'].includes(method)) continue;
    const result = client[method](...(values[method] ?? []));
    outcome[client === login ? method : 'extension.' + method] = result?.then ? await settle(result) : { value: result };
  }
}
login.sanitizeQueryParameters();
let isLoaded = await settle(it.initWasm());
let events = 0;
for (let index = 0; index < 1_000; index++) login.subscribe(() => { events += 1; });
await new Promise((resolve) => { setTimeout(resolve, 200); });
console.log(JSON.stringify({ outcome, requested, snapshot: login.getSnapshot(), domain: login.getMatchingDomainInfo('https://login.example.com'), isLoaded, events }));
`;

/** @type {Record<string, string | { value: unknown }>} */
const EXPECTED = {
  userSessionExists: { value: false },
  getLinkResult: { value: null },
  getLoginResult: { value: null },
  getRedirectResult: { value: null },
  getUserIdentity: { value: null },
  getConnectionCredentials: { value: null },
  getDevices: { value: [] },
  getToken: 'TokenTimeout',
  ensureToken: 'TokenTimeout',
  waitForUserSession: 'pending',
  signInAnonymously: 'ModuleLoadFailed',
  signIn: 'ModuleLoadFailed',
  switchAccount: 'ModuleLoadFailed',
  signOut: 'ModuleLoadFailed',
  authenticate: 'ModuleLoadFailed',
  authenticateWithOneTimeCode: 'ModuleLoadFailed',
  logout: 'ModuleLoadFailed',
  updateExtensionAuthenticationRequest: 'ModuleLoadFailed',
  linkIdentity: 'NotLoggedIn',
  linkIdentityWithOneTimeCode: 'NotLoggedIn',
  unlinkIdentity: 'NotLoggedIn',
  fetch: 'NotLoggedIn',
  getUserProfile: 'NotLoggedIn',
  registerDevice: 'NotLoggedIn',
  deleteDevice: 'NotLoggedIn',
  openUserConfigurationScreen: 'NotLoggedIn',
  'extension.getUserIdentity': { value: null },
  'extension.getTokenResponse': { value: null },
  'extension.requestToken': 'InvalidAuthorizationCode',
  'extension.login': 'ModuleLoadFailed',
};

describe('without a page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'server-'));
  before(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(workspace, 'pkg'), join(folder, 'node_modules/authress-login-wasm'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  });
  after(() => rmSync(folder, { recursive: true }));

  /** @type {(name: string, code: string, options?: string[]) => string} */
  const run = (name, code, options = []) => {
    writeFileSync(join(folder, name), code);
    return execFileSync(process.execPath, [...options, name], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  };

  for (const [name, { options, from, hasModule }] of Object.entries(FORMS)) {
    test(`the package ${name} reports a signed-out visitor, loads nothing and sends nothing`, () => {
      const { outcome, ...rest } = JSON.parse(run('calls.mjs', `${from}\n${CALLS}`, options));
      for (const [method, result] of Object.entries(/** @type {Record<string, any>} */ (outcome))) {
        const expected = EXPECTED[method];
        assert.deepEqual(typeof expected === 'string' ? (result.code ?? result) : result, expected, method);
        if (expected === 'ModuleLoadFailed') assert.match(result.message, /needs a page.*Call it in the browser/s);
      }
      assert.deepEqual(Object.keys(outcome).sort(), Object.keys(EXPECTED).sort(), 'every method');
      const snapshot = { status: 'checking', userIdentity: null };
      assert.deepEqual(rest, { requested: [], snapshot, domain: false, isLoaded: {}, events: 0 });
    });

    test(`the package ${name} has ${hasModule ? 'the module' : 'no module'} in it`, () => {
      const resolved = run(
        'where.mjs',
        `${from.replace(/.*'authress-login-wasm(\/inline)?'.*/, "console.log(import.meta.resolve('authress-login-wasm$1'));")}`,
        options,
      ).trim();
      const text = readFileSync(new URL(resolved), 'utf8');
      assert.equal(/WebAssembly\.Module/.test(text), hasModule, resolved);
      if (!hasModule) assert.ok(text.length < 20_000, `${text.length} bytes`);
    });
  }

  test('the first example of the README runs, and its functions too', () => {
    const readme = readFileSync(join(workspace, 'pkg/README.md'), 'utf8');
    const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    assert.match(example, /new LoginClient/);
    assert.doesNotMatch(
      example,
      /^(?:export const \w+ = )?await /m,
      'top-level await is not in the target of every build',
    );
    run('example.mjs', example);
    const calls = `import { addToCart, resume } from './example.mjs';
      const failed = await addToCart('mug').catch(({ code }) => code);
      console.log(JSON.stringify([await resume(), failed]));`;
    assert.deepEqual(JSON.parse(run('calls.mjs', calls)), [null, 'ModuleLoadFailed']);
  });

  test('a rejected promise without a handler ends no server', () => {
    run(
      'careless.mjs',
      `
      import { LoginClient } from 'authress-login-wasm';
      const login = new LoginClient({ authressApiUrl: 'https://login.example.com' });
      login.getLinkResult().then((result) => { globalThis.result = result; });
      login.getLoginResult();
      login.userSessionExists().then((exists) => { globalThis.exists = exists; });
      login.waitForUserSession();
      login.getDevices();
      setTimeout(() => {}, 500);`,
    );
  });
});
