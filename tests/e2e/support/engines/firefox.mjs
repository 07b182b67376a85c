// The stock Firefox, by Playwright over WebDriver BiDi.

import { firefox } from 'playwright-core';

import { conditions } from '../conditions.mjs';
import { Watchdog } from '../watchdog.mjs';
import * as playwright from './playwright.mjs';
import { openTunnels } from './tunnel.mjs';

/** @import { Browser, Engine } from '../browser.mjs' */

export const isErrorPage = /^about:neterror/;

/** The SHA-256 hash of no bytes: what Firefox says of a preload with a hash that leaving the page has cut off. */
const HASH_OF_NOTHING = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/**
 * The driver reports Firefox's own messages about requests as errors of the page.
 * @type {Engine['isScriptError']}
 */
export const isScriptError = (error) =>
  !/^(Error: )?(Content-Security-Policy|Cross-Origin Request Blocked): /.test(String(error)) &&
  !(/ in the integrity attribute /.test(String(error)) && String(error).includes(HASH_OF_NOTHING));

/**
 * @param {Parameters<Engine['launch']>[0]} stack
 * @param {Parameters<Engine['launch']>[1]} [options]
 * @returns {Promise<Browser>}
 */
export async function launch(stack, { watchdog = new Watchdog() } = {}) {
  const tunnels = stack.topology === 'localhost' ? null : await openTunnels(stack.addresses ?? {});
  const browser = await playwright
    .launch(
      firefox,
      {
        channel: 'moz-firefox',
        executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
        firefoxUserPrefs: {
          'javascript.options.wasm': conditions.webAssembly !== 'missing',
          // The driver does not notice when such a page is restored.
          'browser.sessionhistory.max_total_viewers': 0,
        },
      },
      watchdog,
    )
    .catch(async (error) => {
      await tunnels?.close();
      throw error;
    });
  return {
    newContext: (options) =>
      browser.newContext({
        ...options,
        ...(tunnels && { proxy: { server: tunnels.url }, ignoreHTTPSErrors: true }),
      }),
    close: async () => {
      await browser.close();
      await tunnels?.close();
    },
  };
}

/** @type {Engine['rewritePolicy']} */
export async function rewritePolicy(page, stack, rewrite) {
  await page.route(`${stack.shopUrl}/**`, async (route) => {
    if (route.request().resourceType() !== 'document') return await route.fallback();
    const response = await route.fetch({ maxRedirects: 0 });
    const { 'content-security-policy': policy, ...headers } = response.headers();
    return await route.fulfill({
      response,
      headers: { ...headers, ...(policy && { 'content-security-policy': rewrite(policy) }) },
    });
  });
}

/**
 * Firefox does not show its session history, so the current address is all there is.
 * @type {Engine['historyOf']}
 */
export async function historyOf(page) {
  return [page.url()];
}
