// node tests/bench/growth.mjs: how the client behaves as things get more: tabs, leftover logins, longer access tokens.
// Replaces the tables in docs/benchmarks.md. Ratios within one run say something, milliseconds of two machines do not.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Authress } from '../e2e/support/authress.mjs';
import { withBench } from './client/bench.mjs';
import { between } from './client/between.mjs';
import { clients as clientsUnderTest, workspace } from './client/pages.mjs';
import { withShopper } from './client/rounds.mjs';
import { summary } from './client/statistics.mjs';

/**
 * @import { Bench } from './client/bench.mjs'
 * @import { ClientName } from './client/pages.mjs'
 */

const SAMPLES = 5;
const TABS = [1, 10, 50];
const LEFTOVERS = [0, 10, 100, 500];
const TOKEN_BYTES = [512, 1024, 2048, 3584];
const CONDITION = '1x';
const RENEWAL_TIMEOUT_MS = 30_000;

/** Storage key of the stored session, and what the keys of pending logins begin with. */
const RECORD = 'AuthenticationCredentialsStorage';
const PENDING = 'AuthenticationRequestNonce';

const clients = clientsUnderTest();
const names = /** @type {ClientName[]} */ (Object.keys(clients));
/** @type {(value: number) => string} */
const ms = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
/** @type {(values: number[]) => string} */
const spread = (values) => {
  const { median, p90 } = summary(values);
  return `${ms(median)} (${ms(p90)})`;
};
/** @type {(head: string[], rows: (string | number)[][]) => string} */
const table = (head, rows) =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/**
 * The stored session expires, and every tab wants the next token.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {number} tabs
 * @returns the requests that reached Authress, and milliseconds until the last tab has the new token
 */
async function renewal(bench, client, tabs) {
  const authress = new Authress(bench.stack);
  return withShopper(bench, client, CONDITION, undefined, async (shopper) => {
    const { token } = await shopper.open('visit');
    assert.ok(token);
    const pages = [shopper.page];
    while (pages.length < tabs) {
      const page = await shopper.page.context().newPage();
      await page.goto(`${shopper.origin}/${client}/idle`);
      pages.push(page);
    }
    await Promise.all(pages.map((page) => page.waitForFunction(() => window.login.getUserIdentity())));
    await authress.clearLog();
    const ends = Promise.all(pages.map((page) => page.evaluate(nextToken, RENEWAL_TIMEOUT_MS)));
    // Every page has seen the present token before that expires.
    await Promise.all(pages.map((page) => page.waitForFunction(() => window.isWaiting)));
    const start = await shopper.page.evaluate(expire, RECORD);
    const duration = Math.max(...(await ends)) - start;
    const requests = (await authress.log()).filter(
      ({ method, path }) => path === '/api/session' && method !== 'OPTIONS',
    );
    return { requests: requests.length, duration };
  });
}

/**
 * Runs in a page: lets the stored session expire, and calls every tab.
 * @param {string} key of the storage
 * @returns when, in milliseconds since 1970
 */
function expire(key) {
  const record = JSON.parse(localStorage[key]);
  localStorage[key] = JSON.stringify({ ...record, expiry: Date.now() - 1 });
  new BroadcastChannel('bench').postMessage('expired');
  return performance.timeOrigin + performance.now();
}

/**
 * Runs in a page: waits for the call, then for another token than today's.
 * @param {number} timeoutInMillis
 * @returns when it is there
 */
async function nextToken(timeoutInMillis) {
  const { login } = window;
  const before = await login.ensureToken({ timeoutInMillis });
  const called = new Promise((resolve) => {
    new BroadcastChannel('bench').onmessage = resolve;
  });
  window.isWaiting = true;
  await called;
  // The change of the storage may reach this tab after the call.
  while ((await login.ensureToken({ timeoutInMillis })) === before) {
    await new Promise((resolve) => {
      setTimeout(resolve, 4);
    });
  }
  return performance.timeOrigin + performance.now();
}

/** @param {Bench} bench */
async function renewals(bench) {
  const rows = [];
  for (const tabs of TABS) {
    const cells = [];
    for (const client of names) {
      const results = [];
      for (let sample = 0; sample < SAMPLES; sample += 1) results.push(await renewal(bench, client, tabs));
      const requests = results.map(({ requests }) => requests);
      cells.push(String(Math.max(...requests)), spread(results.map(({ duration }) => duration)));
      console.log(`renewal, ${tabs} tabs, ${client}: ${cells.slice(-2).join(' requests, ms ')}`);
    }
    rows.push([tabs, ...cells]);
  }
  return rows;
}

/**
 * Milliseconds from `authenticate()` to its POST, with this many logins begun earlier and never completed.
 * @param {Bench} bench
 * @param {number} count
 */
async function leftovers(bench, count) {
  return withShopper(bench, 'ours', CONDITION, undefined, async (shopper) => {
    await shopper.open('idle');
    await shopper.page.evaluate(
      ([prefix, count]) => {
        /** @type {(nonce: string) => object} */
        const record = (nonce) => ({
          nonce,
          codeVerifier: 'v'.repeat(86),
          lastConnectionId: 'con_acorn',
          redirectUrl: location.href,
        });
        for (let i = 0; i < count; i += 1) {
          const nonce = crypto.randomUUID();
          localStorage[`${prefix}.${nonce}`] = JSON.stringify({ ...record(nonce), createdAt: Date.now() });
        }
      },
      /** @type {const} */ ([PENDING, count]),
    );
    const { call } = await shopper.starts(SAMPLES, { connectionId: bench.stack.shopperConnectionId });
    return call;
  });
}

/**
 * Milliseconds from the script's first line until a stored session's token of this size is there.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {number} bytes
 */
async function tokenOfSize(bench, client, bytes) {
  return withShopper(bench, client, CONDITION, undefined, async (shopper) => {
    await shopper.open('visit');
    const context = shopper.page.context();
    const cookie = (await context.cookies(shopper.origin)).find(({ name }) => name === 'authorization');
    assert.ok(cookie);
    const [header, claims, signature] = cookie.value.split('.');
    /** @type {(padding: number) => string} */
    const longer = (padding) => {
      const padded = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), padding: 'x'.repeat(padding) };
      return [header, Buffer.from(JSON.stringify(padded)).toString('base64url'), signature].join('.');
    };
    const missing = Math.max(0, bytes - longer(0).length);
    await context.addCookies([{ ...cookie, value: longer(Math.floor((missing * 3) / 4)) }]);
    const durations = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await shopper.newTab();
      const { at, token } = await shopper.open('token');
      assert.ok(token);
      durations.push(at - (await shopper.timeline()).ran);
    }
    return durations;
  });
}

/** @type {string[]} */
const growth = [];
await withBench(clients, 'https', async (bench) => {
  const rows = await renewals(bench);
  const head = ['tabs', 'requests', 'ms until every tab has the token', '@authress/login: requests', 'ms'];
  growth.push('One renewal, wanted by every tab at the same moment:', table(head, rows));
});
await withBench(clients, 'cross-site', async (bench) => {
  const rows = [];
  for (const count of LEFTOVERS) rows.push([count, spread(await leftovers(bench, count))]);
  console.log('leftover logins', rows);
  growth.push(
    '`authenticate()` with logins that were begun and never completed:',
    table(['leftover logins', 'ms until the POST'], rows),
  );
  const tokens = [];
  for (const bytes of TOKEN_BYTES) {
    const cells = [];
    for (const client of names) cells.push(spread(await tokenOfSize(bench, client, bytes)));
    tokens.push([`${bytes / 1024} kB`, ...cells]);
  }
  console.log('token sizes', tokens);
  growth.push(
    'Restoring a stored session, warm cache, from the script’s first line, by the size of the access token:',
    table(['access token', 'ms', '@authress/login, ms'], tokens),
  );
});

const file = join(workspace, 'docs/benchmarks.md');
const text = [
  `\`cargo xtask bench growth\`, ${new Date().toISOString().slice(0, 10)}: median (90th percentile) of ${SAMPLES}.`,
  ...growth,
];
writeFileSync(file, between(readFileSync(file, 'utf8'), 'growth', text.join('\n\n')));
console.log(`\n${text.join('\n\n')}\n`);
