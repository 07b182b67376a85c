// An anonymous login that does not leave the page: shop, Authress and verifier are one site, and the verifier allows it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** @import { Shop } from './support/shop.mjs' */

const BEGIN = 'POST /api/authentication';
const TO_VERIFIER = /\/v1\/login\?/;

/** @param {Shop} shop */
async function openPage(shop) {
  const page = new BarePage(shop, {
    settings: { anonymousConnectionId: shop.stack.shopperConnectionId, backgroundRedirectUrl: '/signed-in.txt' },
    recordsEvents: true,
  });
  await page.open('/?color=blue');
  await shop.page.evaluate(() => {
    window.wasHereBefore = true;
  });
  return page;
}

/** @param {BarePage} page */
const hasStayed = (page) => page.shop.page.evaluate(() => window.wasHereBefore === true);

/**
 * Lets `respond` answer the first request to the verifier: the one in the background.
 * @param {Shop} shop
 * @param {(route: import('playwright-core').Route) => unknown} respond
 */
async function onlyFirst(shop, respond) {
  let isFirst = true;
  await shop.page.route(TO_VERIFIER, async (route) => {
    const isBackground = isFirst;
    isFirst = false;
    await (isBackground ? respond(route) : route.continue());
  });
}

/** @param {BarePage} page */
const result = async (page) => (await page.call('getRedirectResult')).value;

/**
 * Presses, and expects that the browser comes back from a login.
 * @param {BarePage} page
 */
async function leavesThePage(page) {
  await page.leave('signInAnonymously', { appState: 'mug', redirectUrl: '/?back' });
  await page.hasReturnedTo('/?back');
  assert.equal(await hasStayed(page), false);
  const { status, appState } = await result(page);
  assert.deepEqual([status, appState], ['signed-in', 'mug']);
}

describe('a login in the background, one site', () => {
  const story = stories('https', {
    background: true,
    dialect: 'default',
    only: { dialect: 'default', because: 'the strict one refuses such logins' },
  });

  story('gives a user id that a sign-in keeps, and the page stays', async ({ shop, authress, consoleTexts }) => {
    const page = await openPage(shop);
    await authress.clearLog();
    const { value } = await page.call('signInAnonymously', { appState: 'mug' });
    const { userId, isAnonymous, sessionOrigin } = value.userIdentity;
    assert.deepEqual([value.status, isAnonymous, sessionOrigin], ['anonymous', true, 'begun']);
    assert.equal(await hasStayed(page), true);
    const address = await shop.page.evaluate(() => location.href);
    assert.ok(address.endsWith('/?color=blue'), address);
    assert.equal(await result(page), null, 'the page has not returned from anywhere');
    assert.equal((await page.eventTypes()).filter((type) => type === 'signed-in').length, 1);
    const { sub } = await authress.verify((await page.call('getToken')).value);
    assert.equal(sub, userId);
    const stored = await shop.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.doesNotMatch(stored, /codeVerifier/i, 'no code verifier outlives its login');
    assert.deepEqual(
      consoleTexts.filter((text) => /state=|code=/.test(text)),
      [],
    );

    await page.leave('signIn', { connectionId: 'con_acorn', redirectUrl: '/?in' });
    await shop.isAtProvider('con_acorn');
    await page.pick('after-the-background');
    await page.hasReturnedTo('/?in');
    const linked = await result(page);
    assert.deepEqual([linked.status, linked.userId], ['linked', userId]);
  });

  story('is shared by five tabs', async ({ shop, newTab, authress }) => {
    const pages = [await openPage(shop)];
    while (pages.length < 5) pages.push(await openPage(await newTab()));
    await authress.clearLog();
    const values = await Promise.all(pages.map((page) => page.call('signInAnonymously')));
    const userIds = new Set(values.map(({ value }) => value?.userIdentity?.userId));
    assert.equal(userIds.size, 1);
    assert.ok(!userIds.has(undefined));
    assert.equal((await authress.requests()).filter((request) => request === BEGIN).length, 1);
    for (const page of pages) assert.equal(await hasStayed(page), true);
  });

  story('leaves the page if the application says so', async ({ shop }) => {
    const page = await openPage(shop);
    await page.leave('signInAnonymously', { mode: 'redirect', redirectUrl: '/?back' });
    await page.hasReturnedTo('/?back');
    assert.equal((await result(page)).status, 'signed-in');
    const { error } = await page.call('signInAnonymously', { mode: 'popup' });
    assert.equal(error.code, 'InvalidInput');
  });

  story('leaves the page if the verifier refuses it', async ({ shop, consoleTexts }) => {
    const page = await openPage(shop);
    await onlyFirst(shop, (route) => route.fulfill({ status: 403, body: 'no' }));
    await leavesThePage(page);
    assert.ok(
      consoleTexts.some((text) => text.includes('background failed')),
      consoleTexts.join('\n'),
    );
  });

  story('leaves the page if Authress answers navigations only', async ({ shop, authress }) => {
    await authress.setDialect({ refusesBackgroundLogins: true });
    const page = await openPage(shop);
    await authress.clearLog();
    await leavesThePage(page);
    assert.equal((await authress.requests()).filter((request) => request === BEGIN).length, 2);
  });

  story('leaves the page after four seconds', async ({ shop }) => {
    const page = await openPage(shop);
    await onlyFirst(shop, () => {});
    await leavesThePage(page);
  });

  story('adds to the cart of the demo shop at once', async ({ shop }) => {
    await shop.open();
    await shop.page.evaluate(() => {
      window.wasHereBefore = true;
    });
    await shop.add('mug');
    await shop.showsMessage('ItemAdded');
    await shop.showsCart({ mug: 1 });
    assert.equal(await shop.shownState(), 'anonymous');
    assert.ok(await shop.page.evaluate(() => window.wasHereBefore));
    await shop.reload();
    await shop.showsCart({ mug: 1 });
  });
});

describe('a page whose policy forbids requests to the verifier', () => {
  const story = stories('https', { forbidden: /^connect-src https:\/\/verify\.shop\.test\// });

  story('leaves the page, and the log names the verifier', async ({ shop, consoleTexts }) => {
    const page = await openPage(shop);
    await leavesThePage(page);
    // Chromium's driver shortens the text in the middle.
    const warning = consoleTexts.find((text) => text.includes('The login in the background failed'));
    assert.ok(warning?.includes('lack https://verify.shop.test'), consoleTexts.join('\n'));
  });
});

describe('a login for which cookies do not reach Authress', () => {
  const story = stories('cross-site', { background: true });

  story('leaves the page at once', async ({ shop, authress }) => {
    const page = await openPage(shop);
    await authress.clearLog();
    await leavesThePage(page);
    assert.equal((await authress.requests()).filter((request) => request === BEGIN).length, 1);
  });
});
