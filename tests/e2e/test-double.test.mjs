// authress-login-wasm/testing: the test double that applications use in their own tests.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { shopperOf, unknownShopper } from '../../pkg/shopper.js';
import { workspace } from './support/stack.mjs';

const real = await import(`${workspace}pkg/dist/index.js`);
const FORMS = {
  'as an ES module': await import(`${workspace}pkg/dist/testing.js`),
  'as CommonJS': createRequire(import.meta.url)(`${workspace}pkg/dist/testing.cjs`),
};

/** @type {(promise: Promise<unknown>) => Promise<string>} */
const errorCode = (promise) =>
  promise.then(
    () => 'resolved',
    ({ code }) => code,
  );

for (const [form, double] of Object.entries(FORMS)) {
  describe(`the test double, ${form}`, () => {
    test('has every export of the package, and every method of its classes', () => {
      assert.deepEqual(
        Object.keys(double)
          .filter((name) => name !== 'default' && name !== 'createTestClient')
          .sort(),
        Object.keys(real).sort(),
      );
      for (const name of ['LoginClient', 'ExtensionClient']) {
        /** @type {(module: any) => string[]} */
        const methods = (module) => Object.getOwnPropertyNames(module[name].prototype);
        assert.deepEqual(
          methods(real).filter((method) => !methods(double).includes(method)),
          [],
          name,
        );
      }
      assert.deepEqual({ ...double.RedirectOpenType }, { ...real.RedirectOpenType });
    });

    test('is signed out, and rejects at once as the client does', async () => {
      const login = new double.LoginClient({ authressApiUrl: 'https://login.example.com' });
      assert.deepEqual(login.getSnapshot(), { status: 'signed-out', userIdentity: null });
      assert.equal(login.getUserIdentity(), null);
      assert.equal(await login.userSessionExists(), false);
      for (const method of ['getToken', 'ensureToken']) assert.equal(await errorCode(login[method]()), 'TokenTimeout');
      for (const method of ['linkIdentity', 'getUserProfile', 'fetch', 'deleteDevice'])
        assert.equal(await errorCode(login[method]('/')), 'NotLoggedIn');
      assert.deepEqual(
        [await login.getLinkResult(), await login.getLoginResult(), await login.getDevices()],
        [null, null, []],
      );
      assert.equal(await login.authenticate({ connectionId: 'con_a' }), null);
      assert.deepEqual(login.calls.at(-1), { method: 'authenticate', values: [{ connectionId: 'con_a' }] });
    });

    test('has the session that a test sets, and emits events', async () => {
      const login = new double.LoginClient();
      /** @type {[string, string][]} */
      const events = [];
      const unsubscribe = login.subscribe((/** @type {{ type: string }} */ { type }) =>
        events.push([type, login.getSnapshot().status]),
      );
      login.setChecking();
      assert.equal(login.getSnapshot().status, 'checking');
      const waiting = login.waitForUserSession();
      login.setSession({ userId: 'user_1', isAnonymous: true }, 'a-token');
      assert.equal(await waiting, true);
      assert.equal(login.getSnapshot(), login.getSnapshot());
      const begun = { userId: 'user_1', sub: 'user_1', sessionOrigin: 'begun' };
      assert.deepEqual(login.getUserIdentity(), { ...begun, isAnonymous: true });
      assert.equal(await errorCode(login.linkIdentity({ connectionId: 'con_a' })), 'resolved');
      assert.deepEqual([await login.getToken(), await login.userSessionExists()], ['a-token', true]);
      login.setSession({ sub: 'user_1', name: 'Ada' });
      assert.deepEqual(login.getUserIdentity(), { ...begun, isAnonymous: false, name: 'Ada' });
      login.setSession({ sub: 'user_1', isAnonymous: true, sessionOrigin: 'found' });
      assert.equal(await errorCode(login.linkIdentity({ connectionId: 'con_a' })), 'SessionNotBegunHere');
      await login.logout();
      assert.equal(await errorCode(login.getToken()), 'TokenTimeout');
      unsubscribe();
      login.setSession({ userId: 'user_2' });
      assert.deepEqual(events, [
        ['ready', 'anonymous'],
        ['signed-in', 'signed-in'],
        ['signed-in', 'anonymous'],
        ['signed-out', 'signed-out'],
      ]);
    });

    test('is created in a state, and hands out the result of a redirect', async () => {
      for (const status of /** @type {const} */ (['checking', 'signed-out', 'anonymous', 'signed-in']))
        assert.equal(double.createTestClient({ status }).getSnapshot().status, status);
      assert.equal(double.createTestClient().getSnapshot().status, 'signed-out');
      const customer = double.createTestClient({ userIdentity: { userId: 'user_1', name: 'Ada' }, token: 'a-token' });
      assert.deepEqual([await customer.getToken(), customer.getUserIdentity()?.name], ['a-token', 'Ada']);

      const login = double.createTestClient({ settings: { authressApiUrl: 'https://login.example.com' } });
      assert.equal(await login.signInAnonymously({ appState: 'mug' }), null, 'the browser would leave');
      assert.deepEqual(login.calls.at(-1), { method: 'signInAnonymously', values: [{ appState: 'mug' }] });
      login.setSession({ userId: 'user_2', isAnonymous: true });
      assert.equal((await login.signInAnonymously())?.status, 'anonymous');
      login.setRedirectResult({ type: 'anonymous', status: 'signed-in', appState: 'mug' });
      assert.equal((await login.getRedirectResult())?.appState, 'mug');
      assert.equal((await login.getRedirectResult())?.appState, null, 'once');
      assert.equal(await login.signIn({ connectionId: 'con_a' }), null);
      await login.signOut();
      assert.equal(login.getSnapshot().status, 'signed-out');
    });

    test('has the failures and results that a test sets, and sends the token with its fetch', async (context) => {
      const login = new double.LoginClient();
      login.failNext('authenticate', 'RequestRefused', { status: 400, serverCode: 'InvalidConnection' });
      const error = await login.authenticate({}).catch((/** @type {unknown} */ reason) => reason);
      assert.ok(error instanceof double.LoginError);
      assert.deepEqual([error.code, error.status, error.serverCode], ['RequestRefused', 400, 'InvalidConnection']);
      assert.equal(await login.authenticate({}), null, 'once');
      const linked = { status: 'linked', userId: 'user_1' };
      login.setLinkResult(linked);
      assert.deepEqual(await login.getLinkResult(), linked);
      login.setSession({ userId: 'user_1' });
      const fetched = context.mock.method(globalThis, 'fetch', async () => new Response('cart'));
      for (const headers of [
        { Accept: 'text/plain' },
        [['Accept', 'text/plain']],
        new Map([['Accept', 'text/plain']]),
      ]) {
        assert.equal(await (await login.fetch('/api/cart', { method: 'PUT', headers })).text(), 'cart');
        assert.deepEqual(fetched.mock.calls.at(-1)?.arguments, [
          '/api/cart',
          { method: 'PUT', headers: { Accept: 'text/plain', Authorization: 'Bearer test-token' } },
        ]);
      }
    });
  });
}

describe('a shopper of the bindings', () => {
  const { createTestClient } = FORMS['as an ES module'];
  const anonymous = () => createTestClient({ status: 'anonymous', userIdentity: { userId: 'user_1' } });

  test('is the same object until the session changes', () => {
    const client = anonymous();
    const first = shopperOf(client);
    assert.equal(shopperOf(client), first);
    assert.deepEqual([first.status, first.isAnonymous, first.userIdentity?.userId], ['anonymous', true, 'user_1']);
    client.setSession({ userId: 'user_1', name: 'Ada' });
    const second = shopperOf(client);
    assert.notEqual(second, first);
    assert.deepEqual([second.status, second.isAnonymous], ['signed-in', false]);
    assert.equal(unknownShopper(client), unknownShopper(client));
    assert.equal(unknownShopper(client).status, 'checking');
  });

  test('acts on its own client', async () => {
    const [one, other] = [anonymous(), anonymous()];
    const { signInAnonymously, signIn, switchAccount, signOut } = unknownShopper(one);
    unknownShopper(other);
    assert.equal((await signInAnonymously({ appState: 1 }))?.status, 'anonymous');
    await signIn({ connectionId: 'con_a' });
    await switchAccount({ connectionId: 'con_a' });
    await signOut();
    const methods = one.calls.map((/** @type {{ method: string }} */ { method }) => method);
    assert.deepEqual(methods, ['signInAnonymously', 'signIn', 'switchAccount', 'signOut']);
    assert.deepEqual(one.calls[0].values, [{ appState: 1 }]);
    assert.deepEqual(other.calls, []);
  });
});
