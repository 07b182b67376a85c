// WebKitGTK, by its own WebDriver and a proxy for what WebDriver cannot do.

import { Watchdog } from '../watchdog.mjs';
import { Context } from './webkit/context.mjs';

/** @import { Browser, Engine } from '../browser.mjs' */

export const isErrorPage = () => true;

export const isScriptError = () => true;

/**
 * Each profile is a browser of its own, so there is nothing to start yet.
 * @param {any} stack
 * @param {Parameters<Engine['launch']>[1]} [options]
 * @returns {Promise<Browser>}
 */
export async function launch(stack, { watchdog = new Watchdog() } = {}) {
  return {
    // The stories use no more of Playwright's context than this class has.
    newContext: async (options) => /** @type {any} */ (await Context.open(stack, options ?? {}, watchdog)),
    close: async () => watchdog.close(),
  };
}

/** @type {Engine['rewritePolicy']} */
export async function rewritePolicy(page, stack, rewrite) {
  const context = /** @type {Context} */ (/** @type {unknown} */ (page.context()));
  context.interceptor.rewritePolicy = (url, policy) => (url.origin === stack.shopUrl ? rewrite(policy) : policy);
}

/**
 * WebKit does not show its session history, so the current address is all there is.
 * @type {Engine['historyOf']}
 */
export async function historyOf(page) {
  return [await page.url()];
}
