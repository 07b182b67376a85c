// What is measured, in the order of the report, and the targets.

/** The condition that the targets hold for. */
export const TARGET_CONDITION = '4x, phone network';

/** @import { ClientName } from './pages.mjs' */

/**
 * The highest ratio of our figure to another client's, of the median and of the 90th percentile.
 * @typedef {{ median: number, p90?: number }} Target
 */

/**
 * `meanLimit` and `limit` are for our own figure alone. `what` is the definition that the charts show.
 * @typedef {object} Measure
 * @property {string} title
 * @property {string} unit
 * @property {string} [what]
 * @property {Partial<Record<ClientName, Target>>} [targets] by the other client
 * @property {number} [meanLimit]
 * @property {number} [limit]
 */

/** @type {Record<string, Measure>} */
export const MEASURES = {
  restoreWarm: {
    title: 'Restore, warm cache',
    unit: 'ms',
    targets: { baseline: { median: 0.97 }, reference: { median: 1 } },
    what: 'the script is requested → `ensureToken()` resolves from a stored session; everything is in the cache',
  },
  restoreWarmRun: {
    title: 'Restore, warm cache, from the script’s first line',
    unit: 'ms',
    targets: { baseline: { median: 0.97 }, reference: { median: 1 } },
    what: 'the same from when the script runs',
  },
  restoreCold: {
    title: 'Restore, cold cache',
    unit: 'ms',
    targets: { baseline: { median: 0.88 }, reference: { median: 1 } },
    what: 'the script is requested → `ensureToken()` resolves from a stored session; nothing is in the cache',
  },
  restoreColdRun: {
    title: 'Restore, cold cache, from the script’s first line',
    unit: 'ms',
    targets: { baseline: { median: 0.88 }, reference: { median: 1 } },
    what: 'the same from when the script runs',
  },
  restoreColdPage: {
    title: 'Restore, cold cache, from the page’s beginning',
    unit: 'ms',
    targets: { baseline: { median: 0.88 }, reference: { median: 1 } },
    what: 'the same from when the browser begins to load the page',
  },
  start: {
    title: 'Start',
    unit: 'ms',
    targets: { baseline: { median: 1, p90: 0.3 }, reference: { median: 0.05, p90: 0.1 } },
    what: '`authenticate()` is called → its POST is handed to the browser; the client has long been loaded',
  },
  callback: {
    title: 'Return',
    unit: 'ms',
    targets: { baseline: { median: 0.85 }, reference: { median: 0.65, p90: 0.45 } },
    what: 'the callback URL begins to load → the token resolves; script and module are in the cache',
  },
  visit: {
    title: 'First visit',
    unit: 'ms',
    targets: { baseline: { median: 0.85 }, reference: { median: 0.75, p90: 0.6 } },
    what: 'the page begins to load → an anonymous shopper’s token resolves, by way of Authress and the verifier',
  },
  visitSameSite: {
    title: 'First visit, one site',
    unit: 'ms',
    what: 'the same where Authress and the verifier are of the shop’s site',
  },
  visitBackground: {
    title: 'First visit, one site, in the background',
    unit: 'ms',
    targets: { reference: { median: 0.35 } },
    what: 'the same without leaving the page (`signInAnonymously()`), beside the other clients’ visits that leave it',
  },
  press: {
    title: 'Press, one site',
    unit: 'ms',
    what: 'a press on a page that has been idle for a second → an anonymous shopper’s token resolves, by way of Authress and the verifier',
  },
  pressBackground: {
    title: 'Press, one site, in the background',
    unit: 'ms',
    what: 'the same without leaving the page (`signInAnonymously()`), beside the other clients’ presses that leave it',
  },
  signedOut: {
    title: 'No session and no login, two sites',
    unit: 'ms',
    what: 'the page begins to load → `userSessionExists()` resolves to `false`; cookies cannot reach Authress',
  },
  signedOutSameSite: {
    title: 'No session and no login, one site',
    unit: 'ms',
    what: 'the page begins to load → `userSessionExists()` resolves to `false`; Authress is asked, for a cookie may be there',
  },
  search: {
    title: 'Hash search',
    unit: 'ms',
    meanLimit: 1.5,
    what: '`authenticate()` has drawn its randomness → its POST, with 156 bytes of values to search a hash for',
  },
};

const TASK = { unit: 'ms', limit: 50 };
/**
 * From recordings: the most script in one task.
 * @type {Record<string, Measure>}
 */
export const TASKS = {
  visitTask: { ...TASK, title: 'First visit' },
  restoreColdTask: { ...TASK, title: 'Restore, cold cache' },
  restoreWarmTask: { ...TASK, title: 'Restore, warm cache' },
  startTask: { ...TASK, title: 'Start' },
  callbackTask: { ...TASK, title: 'Return' },
};
