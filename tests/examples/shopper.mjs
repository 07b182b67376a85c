// A shopper of an example's page: each of them has the same buttons and texts.

import assert from 'node:assert/strict';

import { PATIENCE_MS } from '../e2e/support/limits.mjs';
import { until } from '../e2e/support/until.mjs';

/**
 * Keeps a cart through a sign-in.
 * @param {import('../e2e/support/browser.mjs').Browser} browser
 * @param {string} shop
 * @param {object} [options]
 * @param {string} [options.routerAddress] an expression: the address that the application's router has
 * @returns the addresses that the page has requested
 */
export async function shopsAt(browser, shop, { routerAddress } = {}) {
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
    /** @type {Set<string>} */
    const requested = new Set();
    page.on('request', (request) => requested.add(request.url()));
    const shown = async () =>
      [await page.locator('#who').innerText(), await page.locator('#count').innerText()].join(', ');
    await page.goto(shop);
    await until(shown, 'new here, 0');
    await page.click('#add');
    await until(shown, 'a shopper without an account, 1');
    if (routerAddress) await until(() => page.evaluate(routerAddress), '/', 'the router has no callback parameters');
    await page.click('#add');
    await until(shown, 'a shopper without an account, 2');
    await page.click('#sign-in');
    await page.getByTestId('user-ada').click();
    await until(shown, 'signed in, 2');
    await page.reload();
    await until(shown, 'signed in, 2');
    await page.click('#sign-out');
    await until(shown, 'new here, 0');
    assert.equal(page.url(), `${shop}/`, 'no callback parameters are left in the address');
    assert.deepEqual(problems, []);
    return [...requested];
  } finally {
    await context.close();
  }
}
