// A shop's page with the built client, and the page of requests beside it, in Chromium.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { launch } from '../../tests/e2e/support/browser.mjs';
import { PATIENCE_MS } from '../../tests/e2e/support/limits.mjs';
import { Site } from '../../tests/e2e/support/package-site.mjs';
import { writeSmall } from '../../tests/e2e/support/small-png.mjs';
import { workspace } from '../../tests/e2e/support/stack.mjs';
import { until } from '../../tests/e2e/support/until.mjs';
import { startSandbox } from '../index.js';

/** @import { Browser } from '../../tests/e2e/support/browser.mjs' */
/** @typedef {Parameters<Browser['newContext']>[0]} BrowserContextOptions */
/** @typedef {Awaited<ReturnType<Browser['newContext']>>} BrowserContext */
/** @typedef {Awaited<ReturnType<BrowserContext['newPage']>>} Page */

const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1200, height: 800 } };

/** @type {Browser} */
let browser;
/** @type {import('../index.js').Sandbox} */
let sandbox;
const shop = new Site();
/** @type {BrowserContext[]} */
let contexts = [];
/** What pages have written to the console, and what they have thrown. */
/** @type {string[]} */
let problems = [];

before(async () => {
  await shop.start();
  browser = await launch({ browserArgs: [] });
});
after(async () => {
  await browser?.close();
  shop.stop();
});
beforeEach(async () => {
  sandbox = await startSandbox({ redirectUrls: [shop.origin] });
  shop.html = `<link rel="icon" href="data:,"><button id="anonymous">Buy</button> <button id="provider">Sign in</button> <output id="state"></output>
    <script type="module">
      import { LoginClient } from '/dist/index.js';
      const login = new LoginClient(${JSON.stringify(sandbox.settings)});
      document.getElementById('anonymous').onclick = () => login.signInAnonymously();
      document.getElementById('provider').onclick = () => login.signIn({ connectionId: 'con_acorn' });
      const result = await login.getRedirectResult();
      const { userIdentity } = login.getSnapshot();
      window.token = userIdentity && (await login.ensureToken());
      document.getElementById('state').value = [result?.status ?? 'new', userIdentity ? (userIdentity.isAnonymous ? 'anonymous' : 'customer') : 'signed out'].join(' ');
    </script>`;
  [contexts, problems] = [[], []];
});
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  await sandbox.stop();
});

/**
 * Opens an address in a profile of its own.
 * @param {string} url
 * @param {BrowserContextOptions} [options]
 */
async function open(url, options = DESKTOP) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  contexts.push(context);
  const page = await context.newPage();
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(url);
  return page;
}

/** @param {Page} page */
const stateOf = (page) => page.locator('#state').innerText();

/**
 * The steps that the page of requests shows, the oldest first, without preflights.
 * @param {Page} requests
 */
async function steps(requests) {
  const texts = await requests.locator('.request:not([hidden]) .step').allInnerTexts();
  return texts.reverse().filter((text) => !text.startsWith('preflight'));
}

/**
 * Everything secret that a page has sent or has got: values of its addresses' parameters, and its token.
 * @param {Page} page
 * @returns {Set<string>}
 */
function collectSecrets(page) {
  /** @type {Set<string>} */
  const secrets = new Set();
  const shown = new Set(['client_id', 'redirect_uri', 'iss', 'error', 'errorCode']);
  page.on('request', (request) => {
    const { searchParams, pathname } = new URL(request.url());
    for (const [name, value] of searchParams) if (!shown.has(name) && value.length > 7) secrets.add(value);
    const id = /^\/api\/authentication\/([^/]+)/.exec(pathname)?.[1];
    if (id) secrets.add(id);
  });
  return secrets;
}

test('shows an anonymous login and a link as they happen, without secrets', async () => {
  const requests = await open(sandbox.requestsUrl);
  await until(() => requests.locator('#connection').innerText(), 'Live');
  const page = await open(shop.origin);
  const secrets = collectSecrets(page);
  await until(() => stateOf(page), 'new signed out');
  await page.click('#anonymous');
  await until(() => stateOf(page), 'signed-in anonymous');
  const anonymous = await page.evaluate(() => /** @type {any} */ (window).token);
  await until(
    async () => (await steps(requests)).join('\n'),
    'login begun login 1\nverifier login 1\ncode verified login 1',
  );

  await page.click('#provider');
  await page.getByTestId('user-ada').waitFor();
  await until(async () => (await steps(requests)).slice(3).join('\n'), 'link begun link 2\nprovider link 2');
  await page.getByTestId('user-ada').click();
  await until(() => stateOf(page), 'linked customer');
  const linked = await page.evaluate(() => /** @type {any} */ (window).token);
  await until(async () => (await steps(requests)).slice(5).join('\n'), 'person chosen link 2\nidentity linked link 2');
  const userOf = (/** @type {string} */ token) =>
    JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub;
  assert.equal(userOf(linked), userOf(anonymous), 'the user id stays');

  const shown = await requests.content();
  for (const secret of [...secrets, anonymous, linked, userOf(linked)])
    assert.ok(!shown.includes(secret), `shown: ${secret.slice(0, 8)}…`);
  assert.ok(secrets.size >= 5, 'the login has secrets');
  assert.deepEqual(problems, []);
  if (process.env.WRITE_DOCS) {
    await requests.setViewportSize({ width: 1100, height: 520 });
    const path = `${workspace}target/requests.png`;
    await requests.screenshot({ path, animations: 'disabled' });
    writeSmall(path, `${workspace}docs/sandbox/requests.png`);
  }
});

test('filters, pauses and clears, with the keyboard too', async () => {
  const page = await open(sandbox.requestsUrl);
  await until(() => page.locator('#connection').innerText(), 'Live');
  assert.match(await page.locator('#empty').innerText(), /No requests yet/);
  const send = (/** @type {string} */ path) => fetch(sandbox.url + path, { redirect: 'manual' });
  await send('/settings');
  await send('/login?state=x&code=y');
  await until(() => steps(page), ['settings page', 'code refused']);
  assert.match(await page.locator('.error').innerText(), /^InvalidAuthenticationRequest No login was started/);

  await page.keyboard.press('/');
  await page.keyboard.type('get 400');
  await until(() => steps(page), ['code refused']);
  await page.keyboard.type(' nothing');
  assert.match(await page.locator('#empty').innerText(), /No request matches/);
  await page.getByTestId('filter').fill('');
  await page.keyboard.press('Escape');

  await page.keyboard.press('p');
  await send('/settings');
  await until(() => page.getByTestId('pause').innerText(), 'Resume (1)');
  assert.equal((await steps(page)).length, 2);
  await page.getByTestId('pause').click();
  await until(() => steps(page), ['settings page', 'code refused', 'settings page']);
  await page.keyboard.press('c');
  await until(() => steps(page), []);
  await page.reload();
  await until(() => page.locator('#connection').innerText(), 'Live');
  assert.deepEqual(await steps(page), []);
  assert.deepEqual(problems, []);
});

test('its buttons change the clock, the failures and the dialect', async () => {
  const page = await open(sandbox.requestsUrl, PHONE);
  await page.locator('summary').click();
  await until(
    () =>
      page
        .getByTestId('clock')
        .innerText()
        .then((text) => text.endsWith('as this device')),
    true,
  );
  await page.getByTestId('day').click();
  await until(
    () =>
      page
        .getByTestId('clock')
        .innerText()
        .then((text) => text.endsWith('by 24 h 0 min')),
    true,
  );
  await page.getByTestId('fault-path').selectOption('/login');
  await page.getByTestId('fault-effect').selectOption({ label: 'status 503' });
  await page.getByTestId('fault-add').click();
  await until(() => page.getByTestId('faults').innerText(), '/login: status 503');
  assert.equal((await fetch(`${sandbox.url}/login`)).status, 503);
  await page.getByTestId('strict').click();
  await until(() => page.getByLabel('bindsLogins').isChecked(), true);
  await page.getByLabel('bindsLogins').uncheck();
  /** @type {() => Promise<{ bindsLogins: boolean, spendsStatements: boolean }>} */
  const dialect = async () => /** @type {any} */ (await (await fetch(`${sandbox.url}/sandbox/dialect`)).json());
  await until(async () => (await dialect()).bindsLogins, false);
  assert.equal((await dialect()).spendsStatements, true);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'fits a phone');
  assert.deepEqual(problems, []);
});

test('says that the sandbox has stopped, and shows the requests of the next one', async () => {
  const page = await open(sandbox.requestsUrl);
  await fetch(`${sandbox.url}/settings`);
  await until(() => steps(page), ['settings page']);
  await sandbox.stop();
  await until(() => page.locator('#connection').getAttribute('data-state'), 'lost');
  sandbox = await startSandbox({ port: Number(new URL(sandbox.url).port) });
  await fetch(`${sandbox.url}/logout`);
  await until(() => steps(page), ['logout']);
});
