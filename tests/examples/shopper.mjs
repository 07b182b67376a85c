// A shopper of an example's page: each of them has the same buttons and texts.

import assert from 'node:assert/strict';

import { PATIENCE_MS } from '../e2e/support/limits.mjs';
import { until } from '../e2e/support/until.mjs';

/**
 * @import { BrowserContext, Page } from 'playwright-core'
 * @import { Browser } from '../e2e/support/browser.mjs'
 */

const CART_API = '**/api/cart';
const LOGIN_START = '**/api/authentication';
const CART_CHANGE = '**/api/cart/mug';
const MODULE = '**/*.wasm';

/**
 * Calls a function with a new profile.
 * @template Result
 * @param {Browser} browser
 * @param {(context: BrowserContext) => Promise<Result>} call
 */
async function inProfile(browser, call) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    return await call(context);
  } finally {
    await context.close();
  }
}

/**
 * Opens a page in a new tab. What it shows is who the shopper is and the number of mugs.
 * @param {BrowserContext} context
 * @param {string} address
 */
async function open(context, address) {
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(address);
  const shown = async () =>
    [await page.locator('#who').innerText(), await page.locator('#count').innerText()].join(', ');
  const alerts = async () => await page.getByRole('alert').filter({ hasText: 'Please try again.' }).count();
  return { page, shown, alerts, errors };
}

/**
 * Keeps a cart through a sign-in, and in spite of failures.
 * @param {Browser} browser
 * @param {string} shop
 * @param {object} [options]
 * @param {string} [options.routerAddress] an expression: the address that the application's router has
 * @returns the addresses that the page has requested
 */
export async function shopsAt(browser, shop, options = {}) {
  const requested = await inProfile(browser, (context) => signsIn(context, shop, options));
  await inProfile(browser, (context) => comesBackWithoutModule(context, shop));
  await inProfile(browser, (context) => signsInWithoutNetwork(context, shop));
  const hasApi = requested.includes(`${shop}/api/cart`);
  if (hasApi) await inProfile(browser, (context) => comesBackWithoutCart(context, shop));
  await inProfile(browser, (context) => changesUser(context, shop, hasApi));
  return requested;
}

/** @type {(context: BrowserContext, shop: string, options: { routerAddress?: string }) => Promise<string[]>} */
async function signsIn(context, shop, { routerAddress }) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Set<string>} */
  const requested = new Set();
  context.on('console', (message) => {
    const isMismatch = message.type() === 'warning' && /hydrat|mismatch/i.test(message.text());
    if (message.type() === 'error' || isMismatch) problems.push(message.text());
  });
  context.on('request', (request) => requested.add(request.url()));
  context.on('response', (response) => {
    const isCart = response.url() === `${shop}/api/cart` && response.request().method() === 'GET';
    const caching = response.headers()['cache-control'];
    if (isCart && caching !== 'no-store') problems.push(`the cart has the header cache-control: ${caching}`);
  });
  const { page, shown, errors } = await open(context, shop);
  await until(shown, 'new here, 0');
  await page.click('#add');
  await until(shown, 'a shopper without an account, 1');
  if (routerAddress) await until(() => page.evaluate(routerAddress), '/', 'the router has no callback parameters');
  await page.click('#add');
  await until(shown, 'a shopper without an account, 2');
  await page.click('#sign-in');
  await page.getByTestId('user-ada').click();
  await until(shown, 'signed in, 2');
  if (requested.has(`${shop}/api/cart`)) await changesNothingWithOtherMethods(context, shop);
  await page.reload();
  await until(shown, 'signed in, 2');
  await page.click('#sign-out');
  await until(shown, 'new here, 0');
  assert.equal(page.url(), `${shop}/`, 'no callback parameters are left in the address');
  assert.deepEqual([...errors, ...problems], []);
  return [...requested];
}

/**
 * Sends what is neither `GET` nor `PUT` to the cart API, with the shopper's token.
 * @param {BrowserContext} context
 * @param {string} shop
 */
async function changesNothingWithOtherMethods(context, shop) {
  const token = (await context.cookies(shop)).find(({ name }) => name === 'authorization')?.value;
  assert.ok(token, 'the browser has the token');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  for (const method of ['POST', 'PATCH', 'DELETE']) {
    const { status } = await fetch(`${shop}/api/cart/mug`, { method, headers });
    assert.ok([404, 405].includes(status), `${method} has the status ${status}`);
  }
}

/**
 * Comes back from a login while the module cannot be loaded. The page is there, and the next press completes the login.
 * @param {BrowserContext} context
 * @param {string} shop
 */
async function comesBackWithoutModule(context, shop) {
  const visit = await open(context, shop);
  const { page, shown, alerts, errors } = visit;
  await until(shown, 'new here, 0');
  const isCallback = () => new URL(page.url()).searchParams.has('nonce');
  await context.route(MODULE, (route) => (isCallback() ? route.abort() : route.continue()));
  await page.click('#add');
  await until(alerts, 1, 'the page shows that it did not work');
  await context.unroute(MODULE);
  await adds(visit, 1);
  assert.equal(page.url(), `${shop}/`);
  assert.deepEqual(errors, []);
}

/**
 * Adds a mug as an anonymous shopper. The page shows no notice then.
 * @param {Awaited<ReturnType<typeof open>>} visit
 * @param {number} mugs how many are in the cart afterwards
 */
async function adds({ page, shown, alerts }, mugs) {
  await page.click('#add');
  await until(shown, `a shopper without an account, ${mugs}`);
  await until(alerts, 0);
}

/**
 * Presses the button to sign in while Authress cannot be reached. The page says so, until the next press.
 * @param {BrowserContext} context
 * @param {string} shop
 */
async function signsInWithoutNetwork(context, shop) {
  const visit = await open(context, shop);
  const { page, shown, alerts, errors } = visit;
  await until(shown, 'new here, 0');
  await adds(visit, 1);
  await context.route(LOGIN_START, (route) => route.abort());
  await page.click('#sign-in');
  await until(alerts, 1, 'the page shows that it did not work');
  await context.unroute(LOGIN_START);
  await adds(visit, 2);
  assert.deepEqual(errors, []);
}

/**
 * Comes back from a login when the cart API refuses to add. The notice stays although the cart itself is loaded, and the next
 * press adds.
 * @param {BrowserContext} context
 * @param {string} shop
 */
async function comesBackWithoutCart(context, shop) {
  const visit = await open(context, shop);
  const { page, shown, alerts, errors } = visit;
  await until(shown, 'new here, 0');
  let isRefused = false;
  await page.route(CART_CHANGE, async (route) => {
    isRefused = true;
    await route.fulfill({ status: 503 });
  });
  // A cart that only a load after the failure has.
  await page.route(CART_API, (route) => (isRefused ? route.fulfill({ json: { mug: 7 } }) : route.continue()));
  await page.click('#add');
  await until(shown, 'a shopper without an account, 7', 'the cart is loaded after the failure');
  assert.equal(await alerts(), 1, 'the page shows that it did not work');
  await page.unrouteAll();
  await adds(visit, 1);
  assert.deepEqual(errors, []);
}

/**
 * Signs in as another user in another tab: a tab never shows the previous user's cart, also if it cannot load the new one.
 * @param {BrowserContext} context
 * @param {string} shop
 * @param {boolean} hasApi whether the cart is on the server
 */
async function changesUser(context, shop, hasApi) {
  const { page, shown, alerts, errors } = await open(context, shop);
  await until(shown, 'new here, 0');
  await page.click('#add');
  await until(shown, 'a shopper without an account, 1');
  await page.click('#sign-in');
  await page.getByTestId('user-grace').click();
  await until(shown, 'signed in, 1');
  const other = await open(context, shop);
  await until(other.shown, 'signed in, 1');

  let refused = 0;
  await page.route(CART_API, async (route) => {
    refused += 1;
    await route.fulfill({ status: 503 });
  });
  await other.page.click('#sign-in');
  await other.page.getByTestId('user-linus').click();
  await until(other.shown, 'signed in, 0');
  await until(shown, 'signed in, 0');
  if (hasApi) await until(() => refused > 0, true, 'the page loads the cart of the new user');
  await until(alerts, hasApi ? 1 : 0);

  await page.unroute(CART_API);
  await page.click('#add');
  await until(shown, 'signed in, 1');
  await until(alerts, 0);
  await page.click('#add');
  await until(shown, 'signed in, 2');
  await other.page.click('#sign-in');
  await other.page.getByTestId('user-grace').click();
  await until(other.shown, 'signed in, 1');
  await until(shown, 'signed in, 1', 'the cart of the new user is loaded');
  await other.page.click('#sign-out');
  await until(shown, 'new here, 0');
  assert.deepEqual([...errors, ...other.errors], []);
}

/**
 * Adds to the cart on a page with a path, a query and a fragment, and comes back to the same address.
 * @param {Browser} browser
 * @param {string} address
 * @param {object} options
 * @param {string} [options.routerAddress] an expression: the address that the application's router has
 * @param {string} options.expected what the router has then
 */
export async function comesBackTo(browser, address, { routerAddress, expected }) {
  await inProfile(browser, async (context) => {
    /** @type {string[]} */
    const violations = [];
    context.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
    });
    const visit = await open(context, address);
    const { page, shown, errors } = visit;
    await until(shown, 'new here, 0');
    await adds(visit, 1);
    if (routerAddress) await until(() => page.evaluate(routerAddress), expected, 'the address that the router has');
    assert.equal(page.url(), address);
    assert.equal(await page.locator('#add').count(), 1, 'the page is still there');
    assert.deepEqual([...errors, ...violations], []);
  });
}
