// Chromium, by Playwright and the browser's own developer tools.

import { chromium } from 'playwright-core';

import { conditions } from '../conditions.mjs';
import { disabledFeatures } from '../disabled-features.mjs';
import { Watch } from '../watch.mjs';
import * as playwright from './playwright.mjs';

const args = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  disabledFeatures,
];

export const isErrorPage = 'chrome-error://**';

export const isOfThePage = () => true;

/**
 * Starts Chromium.
 * @param bfcache keep pages in the back/forward cache, as Chromium does for its users; the driver
 * switches that off otherwise
 * @param watch learns of failures of the browser
 */
export async function launch(stack, { bfcache = false, watch = new Watch() } = {}) {
  return await playwright.launch(
    chromium,
    {
      executablePath: process.env.CHROME ?? '/usr/bin/chromium',
      args: [...args, ...stack.browserArgs, ...(conditions.webAssembly === 'missing' ? ['--js-flags=--jitless'] : [])],
      ignoreDefaultArgs: bfcache ? ['--disable-back-forward-cache'] : [],
    },
    watch,
  );
}

/** Makes the shop's pages have another Content-Security-Policy, also those that a redirect leads to. */
export async function rewritePolicy(page, stack, rewrite) {
  const session = await page.context().newCDPSession(page);
  const answer = async ({ requestId, responseStatusCode: responseCode, responseHeaders }) => {
    if (responseCode >= 300 && responseCode < 400) return session.send('Fetch.continueRequest', { requestId });
    const { body, base64Encoded } = await session.send('Fetch.getResponseBody', { requestId });
    const headers = responseHeaders.map(({ name, value }) => ({
      name,
      value: name.toLowerCase() === 'content-security-policy' ? rewrite(value) : value,
    }));
    const encoded = base64Encoded ? body : Buffer.from(body).toString('base64');
    return session.send('Fetch.fulfillRequest', { requestId, responseCode, responseHeaders: headers, body: encoded });
  };
  // A page that is being closed waits for nothing any more.
  session.on('Fetch.requestPaused', (event) => answer(event).catch(() => {}));
  const patterns = [{ urlPattern: `${stack.shopUrl}/*`, resourceType: 'Document', requestStage: 'Response' }];
  await session.send('Fetch.enable', { patterns });
  // An answer from here does not count as one from this machine, whose servers the page then may not ask.
  await page.context().grantPermissions(['local-network-access']);
}

export async function historyOf(page) {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  await session.detach();
  return entries.map(({ url }) => url);
}
