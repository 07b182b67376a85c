// Capabilities that not every browser and driver has. They are detected on the shop's pages, not by the engine's name.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { engineName } from './browser.mjs';
import { PATIENCE_MS } from './limits.mjs';
import { Shop } from './shop.mjs';

/**
 * @typedef {'bfcache' | 'no bfcache' | 'devtools' | 'held requests' | 'request bodies'} Capability
 * @typedef {{ detect: (shop: Shop) => Promise<boolean>, lack: string }} Detector
 */

/** @type {Record<Capability, Detector>} */
const DETECTORS = {
  bfcache: {
    detect: (shop) => keepsPages(shop, () => shop.goToProvider('con_acorn')),
    lack: 'no page is restored from the back/forward cache when the shopper presses Back at a provider',
  },
  'no bfcache': {
    detect: async (shop) => !(await keepsPages(shop, () => shop.page.goto(`${shop.stack.shopUrl}/config.json`))),
    lack: 'the back/forward cache cannot be switched off',
  },
  devtools: { detect: hasDeveloperTools, lack: 'only Chromium’s developer tools can do it' },
  'held requests': {
    detect: reportsCancelledRequests,
    lack: 'its driver does not report that a request which it holds was cancelled',
  },
  'request bodies': { detect: showsBodies, lack: 'its driver does not show the body of a request' },
};

/** The capabilities of the browser of one block of stories, each of which is detected once. */
export class Capabilities {
  #browser;
  #stack;
  /** @type {Map<Capability, boolean>} */
  #detected = new Map();

  /**
   * @param {import('./browser.mjs').Browser} browser
   * @param {import('./stack.mjs').Stack} stack
   */
  constructor(browser, stack) {
    this.#browser = browser;
    this.#stack = stack;
  }

  /**
   * Why a story with these needs cannot run here; undefined if it can.
   * @param {readonly Capability[]} needs
   */
  async missing(needs) {
    const lacks = [];
    for (const need of needs) {
      assert.ok(need in DETECTORS, `the capability ${need} is unknown`);
      const has = this.#detected.get(need) ?? (await this.#detect(DETECTORS[need]));
      this.#detected.set(need, has);
      if (!has) lacks.push(DETECTORS[need].lack);
    }
    // Every story runs in one engine at least, so none is skipped there by mistake.
    assert.ok(lacks.length === 0 || engineName !== 'chromium', `Chromium lacks something: ${lacks.join('; ')}`);
    return lacks.length > 0 ? `${engineName}: ${lacks.join('; ')}` : undefined;
  }

  /** @param {Detector} detector */
  async #detect({ detect }) {
    const context = await this.#browser.newContext({ viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const shop = new Shop(await context.newPage(), this.#stack);
      await shop.open();
      return await detect(shop);
    } finally {
      await context.close();
    }
  }
}

/**
 * Whether Back shows a page as it was left.
 * @param {Shop} shop
 * @param {() => Promise<unknown>} leave
 */
async function keepsPages(shop, leave) {
  await shop.page.evaluate(() => {
    window.wasHereBefore = true;
  });
  await leave();
  await shop.goBack();
  await shop.isReady();
  return await shop.page.evaluate(() => window.wasHereBefore === true);
}

/** @param {Shop} shop */
async function hasDeveloperTools({ page }) {
  try {
    await (await page.context().newCDPSession(page)).detach();
    return true;
  } catch {
    return false;
  }
}

/** @param {Shop} shop */
async function reportsCancelledRequests({ page }) {
  let isHeld = false;
  await page.route('**/held', () => {
    isHeld = true;
  });
  let isReported = false;
  page.on('requestfailed', () => {
    isReported = true;
  });
  await page.evaluate(() => {
    window.abort = new AbortController();
    fetch('/held', { signal: window.abort.signal }).catch(() => {});
  });
  await becomesTrue(() => isHeld);
  await page.evaluate(() => window.abort.abort());
  return await becomesTrue(() => isReported);
}

/** @param {Shop} shop */
async function showsBodies({ page }) {
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.evaluate(() => {
    fetch('/config.json', { method: 'POST', body: 'words' }).catch(() => {});
  });
  return (await sent).postData() === 'words';
}

/**
 * Waits until a condition holds, and gives whether it does.
 * @param {() => boolean} condition
 */
async function becomesTrue(condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!condition() && Date.now() < end) await setTimeout(20);
  return condition();
}
