// What is measured, in the order of the report, and what is to be reached.

/** A target is a ratio to the reference's figure, or a `limit` for our own. */
export const MEASURES = {
  restoreWarm: {
    title: 'Restore, warm cache',
    unit: 'ms',
    ratio: 1.15,
    what: 'the script is asked for → `ensureToken()` resolved from a stored session; everything is in the cache',
  },
  restoreWarmRun: {
    title: 'Restore, warm cache, from the script’s first line',
    unit: 'ms',
    ratio: 1.15,
    what: 'the same from when the script runs',
  },
  restoreCold: {
    title: 'Restore, cold cache',
    unit: 'ms',
    ratio: 1.5,
    what: 'the script is asked for → `ensureToken()` resolved from a stored session; nothing is in the cache',
  },
  restoreColdRun: {
    title: 'Restore, cold cache, from the script’s first line',
    unit: 'ms',
    ratio: 1.5,
    what: 'the same from when the script runs',
  },
  restoreColdPage: {
    title: 'Restore, cold cache, from the page’s beginning',
    unit: 'ms',
    what: 'the same from when the browser begins to load the page',
  },
  start: {
    title: 'Start',
    unit: 'ms',
    ratio: 0.1,
    p90Ratio: 0.1,
    what: '`authenticate()` called → its POST is handed to the browser; the client has long been loaded',
  },
  return: {
    title: 'Return',
    unit: 'ms',
    ratio: 0.6,
    what: 'the page with `code` and `nonce` begins to load → token resolved; script and module are in the cache',
  },
  visit: {
    title: 'First visit',
    unit: 'ms',
    ratio: 0.75,
    what: 'the page begins to load → token of an anonymous shopper resolved, by way of Authress and the verifier',
  },
  search: {
    title: 'Hash search',
    unit: 'ms',
    meanLimit: 1.5,
    what: '`authenticate()` has drawn its randomness → its POST, with 156 bytes of values to search a hash for',
  },
};

const TASK = { unit: 'ms', limit: 50 };
/** From recordings, for each of these. */
export const TASKS = {
  visitTask: { ...TASK, title: 'First visit' },
  restoreColdTask: { ...TASK, title: 'Restore, cold cache' },
  restoreWarmTask: { ...TASK, title: 'Restore, warm cache' },
  startTask: { ...TASK, title: 'Start' },
  returnTask: { ...TASK, title: 'Return' },
};
