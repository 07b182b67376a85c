// What not every browser and driver can do is tried out, on the shop's pages: no name says it.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { engineName } from './browser.mjs';
import { PATIENCE_MS } from './limits.mjs';
import { Shop } from './shop.mjs';

const ABILITIES = {
  bfcache: { isThere: comesBack, lack: 'its driver loses a page that comes back from the back/forward cache' },
  'no bfcache': {
    isThere: async (tab) => !(await comesBack(tab)),
    lack: 'the back/forward cache cannot be switched off',
  },
  devtools: { isThere: hasDeveloperTools, lack: 'only Chromium’s developer tools can do it' },
  'held requests': {
    isThere: noticesWhatIsGivenUp,
    lack: 'its driver does not tell that a request which it holds was given up',
  },
  'request bodies': { isThere: showsBodies, lack: 'its driver does not show what a request carries' },
};

/** What one block of stories can rely on: each ability is tried once. */
export class Abilities {
  #browser;
  #stack;
  #tried = new Map();

  constructor(browser, stack) {
    this.#browser = browser;
    this.#stack = stack;
  }

  /** Why a story with these needs cannot be told here; nothing if it can. */
  async lacking(needs) {
    const lacks = [];
    for (const need of needs) {
      assert.ok(need in ABILITIES, `nobody knows the need ${need}`);
      if (!this.#tried.has(need)) this.#tried.set(need, await this.#try(ABILITIES[need]));
      if (!this.#tried.get(need)) lacks.push(ABILITIES[need].lack);
    }
    // Everything runs in one engine at least, so nothing is skipped there by mistake.
    assert.ok(lacks.length === 0 || engineName !== 'chromium', `Chromium lacks something: ${lacks.join('; ')}`);
    return lacks.length > 0 ? `${engineName}: ${lacks.join('; ')}` : undefined;
  }

  async #try({ isThere }) {
    const context = await this.#browser.newContext({ viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const page = await context.newPage();
      const shop = new Shop(page, { stack: this.#stack });
      await shop.open();
      return await isThere(shop);
    } finally {
      await context.close();
    }
  }
}

/** Whether Back shows a page as it was left. */
async function comesBack(shop) {
  await shop.page.evaluate(() => {
    window.wasHereBefore = true;
  });
  await shop.page.goto(`${shop.stack.shopUrl}/config.json`);
  await shop.goBack();
  await shop.isReady();
  return await shop.page.evaluate(() => window.wasHereBefore === true);
}

async function hasDeveloperTools({ page }) {
  try {
    await (await page.context().newCDPSession(page)).detach();
    return true;
  } catch {
    return false;
  }
}

async function noticesWhatIsGivenUp({ page }) {
  let isHeld = false;
  await page.route('**/held', () => {
    isHeld = true;
  });
  let isNoticed = false;
  page.on('requestfailed', () => {
    isNoticed = true;
  });
  await page.evaluate(() => {
    window.abort = new AbortController();
    fetch('/held', { signal: window.abort.signal }).catch(() => {});
  });
  await within(() => isHeld);
  await page.evaluate(() => window.abort.abort());
  return await within(() => isNoticed);
}

async function showsBodies({ page }) {
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.evaluate(() => {
    fetch('/config.json', { method: 'POST', body: 'words' }).catch(() => {});
  });
  return (await sent).postData() === 'words';
}

/** Whether something comes true soon. */
async function within(look) {
  const end = Date.now() + PATIENCE_MS;
  while (!look() && Date.now() < end) await setTimeout(20);
  return look();
}
