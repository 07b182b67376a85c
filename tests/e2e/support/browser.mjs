// One Chromium for a file of tests.

import { chromium } from 'playwright-core';

import { conditions } from './conditions.mjs';
import { disabledFeatures } from './disabled-features.mjs';

const args = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', disabledFeatures,
];

/**
 * Starts Chromium so that it finds the stack's names.
 * @param bfcache keep pages in the back/forward cache, as Chromium does for its users; the driver
 * switches that off otherwise
 */
export async function launch(stack, { bfcache = false } = {}) {
  return await chromium.launch({
    executablePath: process.env.CHROME ?? '/usr/bin/chromium',
    args: [...args, ...stack.browserArgs, ...(conditions.webAssembly === 'missing' ? ['--js-flags=--jitless'] : [])],
    ignoreDefaultArgs: bfcache ? ['--disable-back-forward-cache'] : [],
  });
}
