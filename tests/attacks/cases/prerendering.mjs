// Attacks by pages that the browser prerenders: the shopper may never see them.

import { setTimeout } from 'node:timers/promises';

import { until } from '../../e2e/support/until.mjs';
import { callbackOf } from '../people.mjs';
import { withPrerendering } from '../prerender-browser.mjs';
import { attackersTokens } from './callbacks.mjs';

/**
 * @import { Attack } from '../attacks.mjs'
 * @import { Cast } from '../../e2e/support/story.mjs'
 * @import { PrerenderingTab } from '../prerender-browser.mjs'
 */

/** How long a prerendered page has for what it must not do. */
const UNSEEN_MS = 1500;

/**
 * Begins a login on the page of a tab, and goes through it elsewhere.
 * @param {Cast} cast
 * @param {PrerenderingTab} tab
 */
async function begin(cast, tab) {
  const options = {
    connectionId: cast.stack.shopperConnectionId,
    redirectUrl: '/?back',
    redirectOpenType: 'client-managed',
  };
  const { authenticationUrl } = await tab.evaluate(`(async () => {
    const { LoginClient } = await import('authress-login-wasm');
    const login = new LoginClient(await (await fetch('/config.json')).json());
    return await login.authenticate(${JSON.stringify(options)});
  })()`);
  return await callbackOf(cast, authenticationUrl);
}

const PENDING = 'Object.keys(localStorage).some((key) => key.startsWith("AuthenticationRequestNonce."))';
const RECORD = 'localStorage.AuthenticationCredentialsStorage ?? null';

/** @type {Attack[]} */
export const prerendering = [
  {
    id: 'prerendered page',
    sentence:
      'The browser prerenders an address of the shop that the attacker or a search engine names, or the callback of a login.',
    refusal: 'nothing is used up, stored or sent before the page is shown; then the callback is handled',
    topologies: ['localhost', 'cross-site'],
    variants: ['the callback of the login', 'the attacker’s tokens'],
    async succeeds(cast, variant) {
      return await withPrerendering(cast.stack, async (tab) => {
        const { shopUrl, sandboxUrl } = cast.stack;
        await tab.goto(`${shopUrl}/`);
        const callback = await begin(cast, tab);
        if (variant === 'the attacker’s tokens') {
          const { parameters } = await attackersTokens(cast);
          callback.search = String(new URLSearchParams({ nonce: 'invented', iss: sandboxUrl, ...parameters }));
        }
        await cast.authress.clearLog();
        await tab.prerender(callback.href);
        await setTimeout(UNSEEN_MS);
        const isUntouched = `${PENDING} && (${RECORD}) === null && location.href === ${JSON.stringify(callback.href)}`;
        if (!(await tab.evaluateUnseen(isUntouched)) || (await cast.authress.log()).length > 0) return true;
        await tab.show(callback.href);
        if (variant === 'the attacker’s tokens') {
          await until(() => tab.evaluate('location.search'), '');
          return (await tab.evaluate(RECORD)) !== null;
        }
        await until(() => tab.evaluate('location.search'), '?back');
        await until(async () => (await tab.evaluate(RECORD)) !== null, true, 'the login is completed');
        return false;
      });
    },
  },
];
