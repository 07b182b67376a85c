// The stock Firefox, by Playwright over WebDriver BiDi.

import { firefox } from 'playwright-core';

import { conditions } from '../conditions.mjs';
import { Watch } from '../watch.mjs';
import * as playwright from './playwright.mjs';
import { openTunnels } from './tunnel.mjs';

export const isErrorPage = /^about:neterror/;

/** The driver counts what Firefox itself says about a request as an error of the page. */
export const isOfThePage = (error) =>
  !/^(Error: )?(Content-Security-Policy|Cross-Origin Request Blocked): /.test(String(error));

export async function launch(stack, { watch = new Watch() } = {}) {
  const tunnels = stack.topology === 'localhost' ? null : await openTunnels(stack.addresses);
  const browser = await playwright
    .launch(
      firefox,
      {
        channel: 'moz-firefox',
        executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
        firefoxUserPrefs: {
          'javascript.options.wasm': conditions.webAssembly !== 'missing',
          // The driver does not notice when such a page comes back.
          'browser.sessionhistory.max_total_viewers': 0,
        },
      },
      watch,
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

/** Makes the shop's pages have another Content-Security-Policy. */
export async function rewritePolicy(page, stack, rewrite) {
  await page.route(`${stack.shopUrl}/**`, async (route) => {
    if (route.request().resourceType() !== 'document') return await route.fallback();
    const response = await route.fetch({ maxRedirects: 0 });
    const { 'content-security-policy': policy, ...headers } = response.headers();
    await route.fulfill({
      response,
      headers: { ...headers, ...(policy && { 'content-security-policy': rewrite(policy) }) },
    });
  });
}

/** Firefox does not tell where Back leads to: the address that is shown must do. */
export async function historyOf(page) {
  return [page.url()];
}
