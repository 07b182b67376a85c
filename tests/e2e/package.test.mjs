// What a shop gets from npm: the files, the errors, and that nothing secret leaks.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { workspace } from './support/stack.mjs';

/** Every code that the types promise. */
const types = readFileSync(`${workspace}pkg/types/errors.d.ts`, 'utf8');
const promised = types
  .match(/export type LoginErrorCode =([^;]+);/)[1]
  .match(/\w+/g)
  .sort();
/** Those that were seen happening. */
const seen = new Set();

/** An error as every caller can rely on it. */
function isLoginError(error, code, more = {}) {
  assert.ok(error, `${code} is expected, and nothing failed`);
  assert.equal(error.code, code);
  assert.equal(error.name, 'LoginError');
  assert.ok(error.isLoginError, 'it is a LoginError and an Error');
  assert.match(error.message, /^\S+ .{20,}/s, 'it says in words what is wrong');
  for (const [name, value] of Object.entries(more)) assert.equal(error[name], value, name);
  assert.ok(promised.includes(code), `${code} is in the types`);
  seen.add(code);
}

describe('the npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  const installed = join(folder, 'node_modules/authress-login-wasm');
  let packed;

  before(() => {
    const npm = (...args) =>
      execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    [packed] = JSON.parse(npm('pack', `${workspace}pkg`, '--json'));
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    npm('install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`);
  });
  after(() => rmSync(folder, { recursive: true }));

  test('holds exactly what a shop needs', () => {
    assert.deepEqual(packed.files.map(({ path }) => path).sort(), [
      'LICENSE',
      'README.md',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/account_bg.wasm',
      'dist/authress_login_wasm_bg.wasm',
      'dist/fallback.js',
      'dist/index.js',
      'dist/inline.js',
      'dist/module.js',
      'dist/react.cjs',
      'dist/script.js',
      'dist/server.js',
      'dist/testing.cjs',
      'dist/testing.js',
      'dist/vue.cjs',
      'index.d.ts',
      'inline.d.ts',
      'inline.js',
      'module.d.ts',
      'package.json',
      'react.d.ts',
      'react.js',
      'script.d.ts',
      'svelte.d.ts',
      'svelte.js',
      'testing.d.ts',
      'testing.js',
      'types/account.d.ts',
      'types/errors.d.ts',
      'types/options.d.ts',
      'types/session.d.ts',
      'types/settings.d.ts',
      'vue.d.ts',
      'vue.js',
    ]);
    const { dependencies, scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    assert.deepEqual([dependencies, scripts], [undefined, undefined], 'it needs nothing and runs nothing');
  });

  test('is found by tools that do not read exports', async () => {
    // A relative path is resolved without them: by `main`, or by the file's name.
    const { resolve } = createRequire(join(folder, 'index.js'));
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    for (const entry of ['.', './inline', './testing']) {
      const legacy = await import(resolve(`./${join('node_modules/authress-login-wasm', entry)}`));
      const proper = await import(join(installed, exports[entry].default));
      assert.deepEqual(Object.keys(legacy).sort(), Object.keys(proper).sort(), entry);
    }
    for (const binding of ['react', 'vue', 'svelte']) resolve(`./node_modules/authress-login-wasm/${binding}`);
  });

  test('evaluates no strings', () => {
    const files = packed.files.map(({ path }) => path).filter((path) => /\.c?js$/.test(path));
    assert.equal(files.length, 15);
    for (const file of files) {
      assert.doesNotMatch(readFileSync(join(installed, file), 'utf8'), /new Function|\beval\(|setTimeout\(["'`]/, file);
    }
  });
});

describe('errors', () => {
  const story = stories('localhost');

  story('wrong settings throw at once', async ({ shop, page }) => {
    await new BarePage(shop).open();
    const thrownBy = (className, ...values) =>
      page.evaluate(
        ([className, values]) => {
          try {
            new window[className](...values);
            return null;
          } catch (error) {
            const { name, code, message } = error;
            return { name, code, message, isLoginError: error instanceof window.LoginError && error instanceof Error };
          }
        },
        [className, values],
      );
    const thrown = (settings) => thrownBy('LoginClient', settings);
    for (const authressApiUrl of [
      undefined,
      '',
      '  ',
      'ftp://login.shop.test',
      'https://a:b@login.shop.test',
      'https://',
    ]) {
      isLoginError(await thrown({ authressApiUrl, applicationId: 'app_shop' }), 'InvalidAuthressApiUrl');
    }
    isLoginError(await thrown(undefined), 'InvalidAuthressApiUrl');
    for (const applicationId of ['', ' ', 'sc_shop', 'ext_shop']) {
      isLoginError(await thrown({ authressApiUrl: 'https://login.shop.test', applicationId }), 'InvalidApplication');
    }
    isLoginError(await thrownBy('ExtensionClient', 'https://login.shop.test', ' '), 'InvalidExtension');
    isLoginError(await thrownBy('ExtensionClient', '', 'ext_shop'), 'InvalidAuthressApiUrl');
    for (const good of [
      { authressApiUrl: 'login.shop.test' },
      { authressApiUrl: 'http://localhost:1', applicationId: 'app_a' },
    ]) {
      assert.equal(await thrown({ ...good, skipBackgroundCredentialsCheck: true }), null);
    }
  });

  story('each failure has its code', async ({ shop, authress, stack }) => {
    const page = new BarePage(shop);
    await page.open();
    const failure = async (...call) => (await page.call(...call)).error;
    isLoginError(await failure('linkIdentity', {}), 'InvalidConnection');
    isLoginError(await failure('linkIdentity', { connectionId: 'con_acorn' }), 'NotLoggedIn');
    isLoginError(await failure('authenticate', { responseLocation: 'moon' }), 'InvalidResponseLocation');
    isLoginError(await failure('authenticate', { redirectOpenType: 'window' }), 'InvalidRedirectOpenType');
    isLoginError(await failure('authenticate', { redirectUrl: 'https://' }), 'InvalidRedirectUrl');
    isLoginError(await failure('logout', 'javascript:1'), 'InvalidRedirectUrl');
    isLoginError(await failure('authenticate', { connectionId: 5 }), 'InvalidInput');
    isLoginError(await failure('getToken', { timeoutInMillis: 0 }), 'TokenTimeout');
    isLoginError(await failure('ensureToken', { timeoutInMillis: 20 }), 'TokenTimeout');
    const connection = { connectionId: 'con_acorn' };
    isLoginError(await failure('updateExtensionAuthenticationRequest', connection), 'InvalidAuthenticationRequest');
    await shop.page.evaluate((url) => {
      window.extension = new window.ExtensionClient(url, 'ext_demo');
    }, stack.sandboxUrl);
    isLoginError((await page.callOn('extension', 'requestToken')).error, 'InvalidAuthorizationCode');
    const refused = { status: 400, serverCode: 'InvalidConnection' };
    isLoginError(await failure('authenticate', { connectionId: 'con_unknown' }), 'RequestRefused', refused);
    const connectionId = stack.shopperConnectionId;
    await authress.fail('POST', '/api/authentication', { times: 5, status: 502 });
    isLoginError(await failure('authenticate', { connectionId }), 'AuthressSdkNetworkError', { status: 502 });
    await authress.fail('POST', '/api/authentication', { status: 200, body: 'hello' });
    isLoginError(await failure('authenticate', { connectionId }), 'InvalidServerResponse');
    assert.equal(await authress.failuresLeft(), 0);
    isLoginError(await failure('authenticate', { connectionId, timeoutInMillis: 0 }), 'RequestTimeout');
    isLoginError(await failure('fetch', 'https://elsewhere.test/'), 'OriginNotAllowed');
    isLoginError(await failure('fetch', '/api/cart'), 'NotLoggedIn');
    await page.startAnonymous();
    await authress.verify((await page.call('getToken')).value);
  });

  story('a browser without storage is told before it leaves', async ({ shop, page, stack, authress }) => {
    await page.addInitScript(() => {
      const refuse = () => {
        throw new DOMException('Access is denied.', 'SecurityError');
      };
      Object.defineProperty(window, 'localStorage', { get: refuse });
    });
    const bare = new BarePage(shop);
    await bare.open();
    await authress.clearLog();
    const { error } = await bare.call('authenticate', { connectionId: stack.shopperConnectionId });
    isLoginError(error, 'StorageUnavailable');
    assert.deepEqual(await authress.requests(), [], 'Authress was not bothered');

    await page.unroute('**/app.js');
    await shop.open();
    await shop.add('mug');
    assert.match(await shop.showsMessage('StorageUnavailable'), /allow site data/i);
  });

  story('a module that does not load is told, and loads later', async ({ shop, page, context }) => {
    let isBlocked = true;
    await context.route('**/*.wasm', (route) => (isBlocked ? route.abort() : route.continue()));
    const bare = new BarePage(shop);
    await bare.open();
    isLoginError((await bare.call('getDevices')).error, 'ModuleLoadFailed');
    assert.equal(await page.evaluate(() => window.login.getUserIdentity()), null);
    isBlocked = false;
    await bare.startAnonymous();
    assert.ok((await bare.call('getToken')).value);

    isBlocked = true;
    await page.unroute('**/app.js');
    await shop.page.goto(shop.stack.shopUrl);
    await shop.press('sign-in');
    await shop.press('provider-con_acorn');
    assert.match(await shop.showsMessage('ModuleLoadFailed'), /webassembly/i);
  });
});

describe('errors on another site than the login', () => {
  const story = stories('cross-site');

  story('a login page elsewhere cannot go on with an extension’s login', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    const update = { connectionId: 'con_acorn', state: 'any' };
    isLoginError((await page.call('updateExtensionAuthenticationRequest', update)).error, 'OriginMismatch');
  });

  test('no promised code was left out', () => {
    // A bug would be needed for the last one.
    assert.deepEqual([...seen, 'InternalError'].sort(), promised);
  });
});

for (const topology of ['localhost', 'https', 'cross-site']) {
  describe(`secrets, ${topology}`, () => {
    const story = stories(topology);

    story(
      `stay out of consoles, histories and referrers (${topology})`,
      { needs: ['request bodies'] },
      async ({ shop, context, authress, stack }) => {
        const secrets = new Set();
        const told = [];
        await context.exposeBinding('tell', (_, text) => {
          told.push(text);
        });
        await context.addInitScript(() => {
          for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir', 'table']) {
            console[level] = (...values) =>
              window.tell(
                values
                  .map((value) =>
                    value instanceof Error ? `${value.stack} ${JSON.stringify({ ...value })}` : JSON.stringify(value),
                  )
                  .join(' '),
              );
          }
        });
        shop.page.on('request', (request) => {
          const url = new URL(request.url());
          for (const name of ['access_token', 'id_token', 'code']) secrets.add(url.searchParams.get(name));
          if (request.headers().referer) told.push(`Referer: ${request.headers().referer}`);
          const body = url.pathname.endsWith('/tokens') ? request.postDataJSON() : null;
          secrets.add(body?.code).add(body?.code_verifier);
        });
        const keepSecrets = async () => {
          for (const { value } of await context.cookies([stack.shopUrl, stack.sandboxUrl])) secrets.add(value);
          const stored = await shop.page.evaluate(() => Object.values(localStorage));
          for (const text of stored) secrets.add(JSON.parse(text).idToken).add(JSON.parse(text).codeVerifier);
        };

        await shop.open();
        await authress.fail('POST', '/api/authentication', { times: 2 });
        await shop.addAnonymously('mug');
        await keepSecrets();
        await shop.press('sign-in');
        // Some things fail, so that there is something to complain about.
        await authress.fail('POST', '/api/authentication', { times: 5 });
        await shop.press('provider-con_acorn');
        await shop.showsMessage('AuthressSdkNetworkError');
        await keepSecrets();
        if (topology === 'cross-site') await authress.setCodeLifetime(0);
        await shop.signIn('con_acorn', 'discreet');
        await shop.showsMessage(topology === 'cross-site' ? 'LinkFailed' : 'Linked');
        await keepSecrets();
        if (topology === 'cross-site') {
          await authress.setCodeLifetime(300);
          await shop.signIn('con_acorn', 'discreet');
          await shop.showsMessage('Linked');
          await keepSecrets();
        }
        await shop.claims();
        await shop.hasCleanAddresses();
        const history = (await shop.history()).map(String);
        await shop.signOut();

        for (const nothing of [null, undefined, '', 'cookie']) secrets.delete(nothing);
        assert.ok(secrets.size >= 6, `there were secrets to leak: ${secrets.size}`);
        assert.ok(
          told.some((text) => text.includes('AuthressSdkNetworkError')),
          'the failure was logged',
        );
        for (const secret of secrets) {
          assert.ok(secret.length > 20, 'it is no word that is found by chance');
          assert.ok(!told.some((text) => text.includes(secret)), 'a secret was written to a console or referrer');
          assert.ok(!history.some((url) => url.includes(secret)), 'a secret is in the history');
        }
      },
    );
  });
}
