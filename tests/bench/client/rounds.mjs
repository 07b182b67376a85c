// One round of one client: everything that is measured, each part in a fresh browser profile.

import assert from 'node:assert/strict';

import { Shopper } from './shopper.mjs';

/** Calls for each page: a search is of random length, so that few of them say little. */
const STARTS = 5;
/** Longer values for the search: 156 bytes with the ids of connection and application. */
const AUDIENCES = [
  'https://api.example.com/orders',
  'https://api.example.com/baskets',
  'https://api.example.com/recommendations',
  'https://api.example.com/users-xy',
];

/**
 * @import { Bench } from './bench.mjs'
 * @import { ClientName } from './pages.mjs'
 * @import { Condition, StorageState } from './shopper.mjs'
 */

/**
 * What was measured of one client, by the measure.
 * @typedef {Record<string, number[]>} Values
 */

/**
 * Everything that was measured.
 * @typedef {Record<Condition, Record<ClientName, Values>>} Samples
 */

/**
 * Runs `act` in a fresh browser profile.
 * @template Result
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 * @param {StorageState | undefined} storageState
 * @param {(shopper: Shopper) => Promise<Result>} act
 */
export async function withShopper(bench, client, condition, storageState, act) {
  const shopper = await Shopper.arrive(bench, client, condition, storageState);
  try {
    return await act(shopper);
  } finally {
    await shopper.leave();
  }
}

/**
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 */
export async function round(bench, client, condition) {
  const { shopperConnectionId: connectionId } = bench.stack;
  /** @type {Values} */
  const values = {};

  const storageState = await withShopper(bench, client, condition, undefined, async (shopper) => {
    bench.server.forget();
    const { sinceBegan, token } = await shopper.open('visit');
    assert.ok(token);
    values.visit = [sinceBegan];
    values.bytes = [bench.server.sentFiles()];
    // Once before, so that the compiled code is in the cache as well.
    await shopper.newTab();
    await shopper.open('token');
    await shopper.newTab();
    const { at } = await shopper.open('token');
    const timeline = await shopper.timeline();
    assert.equal(timeline.module?.transferred ?? 0, 0, 'the module came from the cache');
    assert.equal(timeline.script.transferred, 0, 'the script came from the cache');
    values.restoreWarm = [at - timeline.script.start];
    values.restoreWarmRun = [at - timeline.ran];
    values.pace = [await shopper.pace()];
    return shopper.storageState();
  });

  await withShopper(bench, client, condition, storageState, async (shopper) => {
    const { at } = await shopper.open('token');
    const timeline = await shopper.timeline();
    assert.notEqual(timeline.script.transferred, 0, 'the script did not come from the cache');
    values.restoreCold = [at - timeline.script.start];
    values.restoreColdRun = [at - timeline.ran];
    values.restoreColdPage = [at];
  });

  await withShopper(bench, client, condition, undefined, async (shopper) => {
    await shopper.open('idle');
    values.start = (await shopper.starts(STARTS, { connectionId })).call;
    const redirectUrl = `${shopper.origin}/${client}/callback`;
    const search = await shopper.loginWithoutBrowser({ connectionId, redirectUrl });
    const { at, token } = await shopper.open('callback', search);
    assert.ok(token);
    values.callback = [at];
    assert.equal(await shopper.page.evaluate(() => location.search), '', 'the address was cleaned');
  });
  return values;
}

/**
 * The page of a visitor without a session and without a login: until it knows, and what it has downloaded until then.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 */
export async function signedOut(bench, client, condition) {
  return withShopper(bench, client, condition, undefined, async (shopper) => {
    bench.server.forget();
    const { at, exists } = await shopper.open('signed-out');
    assert.equal(exists, false);
    return { at, bytes: bench.server.sentFiles() };
  });
}

/**
 * A first visit: until an anonymous shopper has a token.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 * @param {'visit' | 'stay'} task by leaving the page, or in the background
 */
export async function firstVisit(bench, client, condition, task) {
  return withShopper(bench, client, condition, undefined, async (shopper) => {
    const { sinceBegan, token } = await shopper.open(task);
    assert.ok(token);
    return sinceBegan;
  });
}

/**
 * A press on a page that was read before: until an anonymous shopper has a token.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 * @param {'press' | 'press-stay'} task by leaving the page, or in the background
 */
export async function pressed(bench, client, condition, task) {
  return withShopper(bench, client, condition, undefined, async (shopper) => {
    const { sincePress, token } = await shopper.press(task);
    assert.ok(token);
    return sincePress;
  });
}

/**
 * The searches of many starts with long values.
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 * @param {number} times
 */
export async function searches(bench, client, condition, times) {
  return withShopper(bench, client, condition, undefined, async (shopper) => {
    await shopper.open('idle');
    const { shopperConnectionId: connectionId, applicationId } = bench.stack;
    const values = [connectionId, applicationId, AUDIENCES.join(',')].join('|');
    assert.equal(values.length, 156);
    return (await shopper.starts(times, { connectionId, audiences: AUDIENCES })).search;
  });
}
