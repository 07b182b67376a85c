// Pages that change the language or the browser, on purpose or not: proxies, frozen prototypes, replaced classes, elements
// that hide properties of the document, old browsers, frames and workers without an address of a web page.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { addSecurityKey } from './support/security-key.mjs';
import { stories } from './support/story.mjs';

const SESSION = 'AuthenticationCredentialsStorage';

describe('a page', () => {
  const story = stories('localhost');

  story(
    'may wrap a client in a proxy, as Vue’s reactive and an application’s own do',
    async ({ shop, authress, page: tab }) => {
      // The first listener starts the check of the session, and does so through the proxy.
      const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true } });
      await page.open();
      await tab.evaluate(() => {
        // Objects that are read through it are wrapped as well, functions are not.
        /** @type {<Target extends object>(object: Target) => Target} */
        const deep = (object) =>
          new Proxy(object, {
            get(target, name, receiver) {
              const value = Reflect.get(target, name, receiver);
              return typeof value === 'object' && value !== null ? deep(value) : value;
            },
          });
        window.received = [];
        window.login = deep({ login: new Proxy(window.login, {}) }).login;
        window.login.subscribe(({ type }) => window.received.push(type));
      });
      await page.hasStatus('signed-out');
      const { value } = await page.call('authenticate', {
        connectionId: 'con_acorn',
        redirectOpenType: 'client-managed',
      });
      assert.ok(value.authenticationUrl);
      assert.deepEqual(await tab.evaluate(() => window.received), ['ready']);
      // Each method works through a proxy as without one.
      const outcomes = await tab.evaluate(async () => {
        /** @type {Record<string, any>} */
        const wrapped = {
          login: window.login,
          extension: new Proxy(new window.ExtensionClient(window.location.origin, 'ext_planner'), {}),
        };
        const problems = [];
        for (const [client, it] of Object.entries(wrapped)) {
          for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(it))) {
            // What leaves the page, and what may wait for ever.
            if (/^(constructor|log|sign|switch|authenticate$|subscribe|waitFor)/.test(method)) continue;
            try {
              // Without waiting for a token.
              await it[method](...(/^(ensure|get)Token$/.test(method) ? [{ timeoutInMillis: 0 }] : []));
            } catch (error) {
              if (!(error instanceof window.LoginError) && method !== 'fetch')
                problems.push(`${client}.${method}: ${error}`);
            }
          }
        }
        return problems;
      });
      assert.deepEqual(outcomes, []);
      await page.leave('authenticate', { connectionId: shop.stack.shopperConnectionId, redirectUrl: '/?started' });
      await page.hasReturnedTo('/?started');
      await authress.verify((await page.call('getToken')).value);
    },
  );

  story('may freeze the prototypes of the language', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const outcomes = await tab.evaluate(async () => {
      for (const { prototype } of [Object, Array, Function, Promise, Error, TypeError]) Object.freeze(prototype);
      /** @param {() => unknown} work */
      const code = async (work) => {
        try {
          await work();
          return 'done';
        } catch (error) {
          return error.code;
        }
      };
      const hung = new Promise((resolve) => {
        setTimeout(resolve, 30_000, 'hung');
      });
      return await Promise.all(
        [
          () => window.login.getToken({ timeoutInMillis: 0 }),
          () => window.login.waitForUserSession({ timeoutInMillis: 20 }),
          () => new window.LoginClient(/** @type {any} */ ({})),
          () => window.login.linkIdentity({ connectionId: 'con_acorn' }),
        ].map((work) => Promise.race([code(work), hung])),
      );
    });
    assert.deepEqual(outcomes, ['TokenTimeout', 'RequestTimeout', 'InvalidAuthressApiUrl', 'NotLoggedIn']);
  });

  story('may be in a browser whose signals have no reason', async ({ shop, page: tab }) => {
    await tab.addInitScript(() => {
      /** @type {Partial<{ reason: unknown, throwIfAborted: unknown }>} */
      const prototype = AbortSignal.prototype;
      delete prototype.reason;
      delete prototype.throwIfAborted;
    });
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const outcomes = await tab.evaluate(async () => {
      /** @param {Promise<unknown>} work */
      const settled = (work) =>
        work.then(
          (value) => typeof value,
          (error) => `${error instanceof DOMException} ${error?.name}`,
        );
      const [before, during, never] = [new AbortController(), new AbortController(), new AbortController()];
      before.abort();
      const waiting = settled(window.login.getLoginResult({ signal: during.signal }));
      during.abort();
      return [
        await waiting,
        await settled(window.login.getToken({ signal: before.signal })),
        await settled(window.login.userSessionExists({ signal: before.signal })),
        await settled(window.login.getToken({ signal: never.signal })),
      ];
    });
    assert.deepEqual(outcomes, ['true AbortError', 'true AbortError', 'true AbortError', 'string']);
  });

  story('may have replaced the class Window', async ({ shop, authress, page: tab }) => {
    await tab.addInitScript(() => {
      Object.assign(window, { Window: class {} });
    });
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    assert.equal((await page.call('userSessionExists')).value, true);
    await authress.verify((await page.call('getToken')).value);
    assert.ok(await tab.evaluate((key) => localStorage.getItem(key), SESSION));
  });

  story('whose storage silently keeps nothing starts no login', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?here');
    await page.call('userSessionExists');
    await authress.clearLog();
    await tab.evaluate(() => {
      Storage.prototype.setItem = () => {};
    });
    const { error } = await page.call('authenticate', { connectionId: shop.stack.shopperConnectionId });
    assert.equal(error?.code, 'StorageUnavailable');
    assert.deepEqual(await authress.requests(), []);
    assert.equal(new URL(await tab.url()).search, '?here');
  });

  story('may name its elements as the document’s own properties', async ({ shop, authress, context, page: tab }) => {
    // Before the page’s script runs, and on every page of the login.
    await tab.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (!document.body || document.querySelector('form[name=cookie]')) return;
        for (const name of ['cookie', 'prerendering', 'visibilityState', 'readyState']) {
          const form = document.createElement('form');
          form.setAttribute('name', name);
          document.body.append(form);
        }
      });
      observer.observe(document, { childList: true, subtree: true });
    });
    const page = new BarePage(shop);
    await page.open();
    assert.equal(await tab.evaluate(() => typeof document.cookie), 'object');
    await page.startAnonymous();
    assert.equal((await page.call('getLoginResult')).value?.status, 'signed-in');
    const { value: token } = await page.call('getToken');
    await authress.verify(token);
    // Also without the module, from the stored session alone.
    await page.open('/?again');
    assert.equal((await page.call('getToken', { timeoutInMillis: 0 })).value, token);
    await page.logOut();
    assert.deepEqual(
      (await context.cookies(shop.stack.shopUrl)).filter(({ name }) => name === 'authorization'),
      [],
    );
  });

  story(
    'without an address of its own cannot be a callback, and sends no request',
    async ({ shop, authress, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.call('userSessionExists');
      await authress.clearLog();
      const { sandboxUrl: authressApiUrl, applicationId } = shop.stack;
      // A frame without an address of its own, which has the storage of the page.
      const codes = await tab.evaluate(
        async (settings) => {
          const frame = document.createElement('iframe');
          frame.srcdoc = '<!doctype html><title>A frame</title>';
          const isLoaded = new Promise((resolve) => {
            frame.onload = resolve;
          });
          document.body.append(frame);
          await isLoaded;
          const inner = frame.contentDocument;
          if (!inner) throw new Error('the frame has no document');
          const script = inner.createElement('script');
          script.src = '/node_modules/authress-login-wasm/dist/script.js';
          const isRun = new Promise((resolve, reject) => {
            Object.assign(script, { onload: resolve, onerror: reject });
          });
          inner.head.append(script);
          await isRun;
          const framed = /** @type {Window} */ (frame.contentWindow);
          const login = new framed.AuthressLogin.LoginClient(settings, {});
          /** @type {(method: string, options?: object) => Promise<unknown>} */
          const code = async (method, options) =>
            login[method](options).then(
              () => 'done',
              (/** @type {any} */ error) => error.code,
            );
          return [
            framed.location.href,
            await code('authenticate', { connectionId: 'con_acorn' }),
            await code('authenticate', { connectionId: 'con_acorn', redirectUrl: '/?x' }),
            await code('logout'),
          ];
        },
        { authressApiUrl, applicationId },
      );
      assert.deepEqual(codes, ['about:srcdoc', 'InvalidRedirectUrl', 'InvalidRedirectUrl', 'InvalidRedirectUrl']);
      assert.deepEqual(await authress.requests(), []);
    },
  );

  story('may have the client in a worker, which is no page', async ({ shop, authress, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.call('userSessionExists');
    await authress.clearLog();
    const { sandboxUrl: authressApiUrl, applicationId } = shop.stack;
    await context.route('**/worker.js', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: `
      import { LoginClient } from '/node_modules/authress-login-wasm/dist/index.js';
      const login = new LoginClient(${JSON.stringify({ authressApiUrl, applicationId })}, {});
      const code = (method, options) => login[method](options).then((value) => value, (error) => error.code);
      login.subscribe(() => {});
      postMessage([
        await code('userSessionExists'), await code('getToken', { timeoutInMillis: 0 }), login.getUserIdentity(),
        await code('authenticate', { connectionId: 'con_acorn' }), await code('logout'), login.getSnapshot().status,
      ]);
    `,
      }),
    );
    const outcomes = await tab.evaluate(
      () =>
        new Promise((resolve, reject) => {
          window.worker = new Worker('/worker.js', { type: 'module' });
          window.worker.onmessage = (/** @type {MessageEvent} */ { data }) => resolve(data);
          window.worker.onerror = (/** @type {ErrorEvent} */ { message }) => reject(new Error(message));
        }),
    );
    assert.deepEqual(outcomes, [false, 'TokenTimeout', null, 'ModuleLoadFailed', 'ModuleLoadFailed', 'checking']);
    assert.deepEqual(await authress.requests(), []);
  });

  story(
    'requests its own server’s time once, and only after errors that clock skew can cause',
    async ({ shop, authress, page: tab }) => {
      let timeRequests = 0;
      tab.on('request', (request) => {
        if (request.method() === 'HEAD') timeRequests += 1;
      });
      const page = new BarePage(shop);
      await page.open();
      /** @param {number} status */
      const refusedWith = async (status) => {
        await authress.fail('POST', '/api/authentication', { status });
        const { error } = await page.call('authenticate', { connectionId: 'con_acorn' });
        assert.deepEqual([error?.code, error?.status], ['RequestRefused', status]);
      };
      for (const status of [401, 403, 404, 409, 429]) await refusedWith(status);
      assert.equal(timeRequests, 0);
      for (const status of [400, 422, 400]) await refusedWith(status);
      assert.equal(timeRequests, 1);
      // Another client of the page does not request it again.
      const { sandboxUrl: authressApiUrl, applicationId } = shop.stack;
      await tab.evaluate(
        (settings) => {
          window.login = new window.LoginClient(settings, {});
        },
        { authressApiUrl, applicationId },
      );
      await refusedWith(400);
      assert.equal(timeRequests, 1);
    },
  );
});

describe('a page that has replaced the Promise class', () => {
  const story = stories('https');

  story('can register a security key', { needs: ['devtools'] }, async ({ shop, page: tab, context }) => {
    await addSecurityKey(context, tab);
    // As zone.js does: the browser’s own promises are instances of another class then.
    await tab.addInitScript(() => {
      Object.assign(window, { Promise: class OwnPromise extends Promise {} });
    });
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value, error } = await page.call('registerDevice', { name: 'Key' });
    assert.equal(error, undefined);
    assert.ok(value.deviceId);
  });
});
