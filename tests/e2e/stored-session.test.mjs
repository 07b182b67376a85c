// The stored session gives results before the module is loaded, the same as the module's.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { PATIENCE_MS } from './support/limits.mjs';
import { stories } from './support/story.mjs';

/**
 * What a change of the stored session can use, in the page.
 * @typedef {object} Stored
 * @property {(changes: object) => void} store changes the stored record
 * @property {(rest: string, value: string) => void} setCookie sets the token's cookie, with these attributes
 * @property {string} token the access token
 * @property {string} idToken
 * @property {(jwt: string, changes: object) => string} forge changes the claims of a token
 */

/**
 * What can be wrong with a stored session. `change` runs in the page.
 * @type {Record<string, { isSure?: boolean, change: (stored: Stored) => void }>}
 */
const DOUBTS = {
  nothing: { isSure: true, change: () => {} },
  'the session has expired': { change: ({ store }) => store({ expiry: Date.now() - 1 }) },
  'the session has no end': { change: ({ store }) => store({ expiry: undefined }) },
  'the id token is of another issuer': {
    change: ({ store, forge, idToken }) => store({ idToken: forge(idToken, { iss: 'https://else.test' }) }),
  },
  'the id token has no end': {
    change: ({ store, forge, idToken }) => store({ idToken: forge(idToken, { exp: undefined }) }),
  },
  'the record is no record': { change: () => localStorage.setItem('AuthenticationCredentialsStorage', '{') },
  'the token is missing': { change: ({ setCookie }) => setCookie('; Max-Age=0', '') },
  'the token is of another issuer': {
    change: ({ setCookie, token, forge }) => setCookie('; Path=/', forge(token, { iss: 'https://else.test' })),
  },
  'the token is for another application': {
    change: ({ setCookie, token, forge }) => setCookie('; Path=/', forge(token, { client_id: 'app_else' })),
  },
  'the token is of another user': {
    change: ({ setCookie, token, forge }) => setCookie('; Path=/', forge(token, { sub: 'user_else' })),
  },
  'the token is no JWT': { change: ({ setCookie }) => setCookie('; Path=/', 'opaque') },
};

/**
 * Runs in the page: changes the stored session.
 * @param {(stored: Stored) => void} change
 */
function spoil(change) {
  /** @type {Stored['store']} */
  const store = (changes) => {
    const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
    localStorage.setItem('AuthenticationCredentialsStorage', JSON.stringify({ ...record, ...changes }));
  };
  /** @type {Stored['setCookie']} */
  const setCookie = (rest, value) => {
    document.cookie = `authorization=${value}${rest}; SameSite=Strict`;
  };
  const token = /authorization=([^;]+)/.exec(document.cookie)?.[1] ?? '';
  /** @type {Stored['forge']} */
  const forge = (jwt, changes) => {
    const [header, payload, signature] = jwt.split('.');
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    const text = btoa(JSON.stringify({ ...claims, ...changes }));
    return [header, text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''), signature].join('.');
  };
  const { idToken } = JSON.parse(localStorage.AuthenticationCredentialsStorage);
  change({ store, setCookie, token, forge, idToken });
}

describe('a stored session', () => {
  const story = stories('localhost');

  for (const [doubt, { isSure = false, change }] of Object.entries(DOUBTS)) {
    story(`${isSure ? 'is enough' : 'waits for the module'} where this is wrong: ${doubt}`, async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.call('getToken');
      await page.page.evaluate(`(${spoil})(${change})`);
      // While the module is held back, a result is the stored session's; it must be the same as the module's later.
      let release = () => {};
      /** @type {Promise<void>} */
      const held = new Promise((resolve) => {
        release = resolve;
      });
      await page.page.route('**/authress_login_wasm_bg.wasm', async (route) => {
        await held;
        await route.continue();
      });
      await page.page.reload();
      await page.isReady();
      const early = await page.page.evaluate(
        async (waitMs) => {
          const waited = new Promise((resolve) => {
            setTimeout(resolve, waitMs, 'waits');
          });
          const none = () => null;
          const token = await Promise.race([window.login.getToken({ timeoutInMillis: 0 }).catch(none), waited]);
          const exists = await Promise.race([window.login.userSessionExists().catch(none), waited]);
          return { token, exists, identity: window.login.getUserIdentity() };
        },
        isSure ? PATIENCE_MS / 2 : 300,
      );
      release();
      const late = await page.page.evaluate(async () => {
        await (await import('authress-login-wasm')).initWasm();
        return {
          token: await window.login.getToken({ timeoutInMillis: 0 }).catch(({ code }) => code),
          exists: await window.login.userSessionExists(),
          identity: window.login.getUserIdentity(),
        };
      });
      if (isSure) {
        assert.deepEqual(early, late);
        assert.equal(early.exists, true);
        assert.match(early.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      } else {
        assert.deepEqual(early, { token: 'waits', exists: 'waits', identity: null });
      }
    });
  }
});
