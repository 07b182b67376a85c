// A shopper of an example's page: each of them has the same buttons and texts.

import assert from 'node:assert/strict';

import { PATIENCE_MS } from '../e2e/support/limits.mjs';
import { until } from '../e2e/support/until.mjs';

/**
 * Keeps a cart through a sign-in.
 * @param {import('../e2e/support/browser.mjs').Browser} browser
 * @param {string} shop
 */
export async function shopsAt(browser, shop) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    const page = await context.newPage();
    /** @type {string[]} */
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      const isMismatch = message.type() === 'warning' && /hydrat|mismatch/i.test(message.text());
      if (message.type() === 'error' || isMismatch) problems.push(message.text());
    });
    const shown = async () =>
      [await page.locator('#who').innerText(), await page.locator('#count').innerText()].join(', ');
    await page.goto(shop);
    await until(shown, 'new here, 0');
    await page.click('#add');
    await until(shown, 'a shopper without an account, 1');
    await page.click('#add');
    await until(shown, 'a shopper without an account, 2');
    await page.click('#sign-in');
    await page.getByTestId('user-ada').click();
    await until(shown, 'signed in, 2');
    await page.reload();
    await until(shown, 'signed in, 2');
    await page.click('#sign-out');
    await until(shown, 'new here, 0');
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}
