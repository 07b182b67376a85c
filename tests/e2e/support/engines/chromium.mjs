// Chromium, by Playwright and the browser's own developer tools.

import { chromium } from 'playwright-core';

import { conditions } from '../conditions.mjs';
import { disabledFeatures } from '../disabled-features.mjs';
import { Watchdog } from '../watchdog.mjs';
import * as playwright from './playwright.mjs';

/** @import { Engine } from '../browser.mjs' */

const args = [
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

export const isScriptError = () => true;

/**
 * @param {Parameters<Engine['launch']>[0]} stack
 * @param {Parameters<Engine['launch']>[1]} [options]
 */
export async function launch(
  stack,
  { bfcache = false, headed = false, withoutWindow = false, watchdog = new Watchdog() } = {},
) {
  const shell = withoutWindow && process.env.CHROME_HEADLESS_SHELL;
  return await playwright.launch(
    chromium,
    {
      executablePath: shell || (process.env.CHROME ?? '/usr/bin/chromium'),
      headless: !headed,
      args: [
        ...(headed || shell ? [] : ['--headless=new']),
        ...args,
        ...stack.browserArgs,
        ...(conditions.webAssembly === 'missing' ? ['--js-flags=--jitless'] : []),
      ],
      ignoreDefaultArgs: bfcache ? ['--disable-back-forward-cache'] : [],
    },
    watchdog,
  );
}

/**
 * Also for pages that a redirect leads to.
 * @type {Engine['rewritePolicy']}
 */
export async function rewritePolicy(page, stack, rewrite) {
  const session = await page.context().newCDPSession(page);
  /** @param {{ requestId: string, responseStatusCode?: number, responseHeaders?: { name: string, value: string }[] }} event */
  const respond = async ({ requestId, responseStatusCode: responseCode = 0, responseHeaders = [] }) => {
    if (responseCode >= 300 && responseCode < 400) return session.send('Fetch.continueRequest', { requestId });
    const { body, base64Encoded } = await session.send('Fetch.getResponseBody', { requestId });
    const headers = responseHeaders.map(({ name, value }) => ({
      name,
      value: name.toLowerCase() === 'content-security-policy' ? rewrite(value) : value,
    }));
    const encoded = base64Encoded ? body : Buffer.from(body).toString('base64');
    return session.send('Fetch.fulfillRequest', { requestId, responseCode, responseHeaders: headers, body: encoded });
  };
  // The page may be closed meanwhile.
  session.on('Fetch.requestPaused', (event) => void respond(event).catch(() => {}));
  await session.send('Fetch.enable', {
    patterns: [{ urlPattern: `${stack.shopUrl}/*`, resourceType: 'Document', requestStage: 'Response' }],
  });
  // A response from here does not count as one of this machine, whose servers the page then may not call.
  await page.context().grantPermissions(['local-network-access']);
}

/** @type {Engine['historyOf']} */
export async function historyOf(page) {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  await session.detach();
  return entries.map(({ url }) => url);
}
