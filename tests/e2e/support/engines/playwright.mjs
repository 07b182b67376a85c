// Playwright with a limit for every command. Its own limits are for commands that wait for a page: a browser that hangs in
// `evaluate`, `newPage` or `close` would never be noticed.

import { DriverFailure, DriverTimeout } from '../driver-failure.mjs';
import { CLOSE_MS } from '../limits.mjs';
import { ProcessGroup, ownGroups } from '../process-group.mjs';
import { settlesWithin } from '../watchdog.mjs';

/**
 * @import { Browser, BrowserType, LaunchOptions, Page } from 'playwright-core'
 * @import { Watchdog } from '../watchdog.mjs'
 */

/** @typedef {(...values: any[]) => any} Method */

/** Prototypes of Playwright's objects whose methods have limits already. */
const limitedPrototypes = new WeakSet();
/** Pages and profiles that a story has closed. */
const closed = new WeakSet();
/** Commands that end when code of the page does. */
const RUNS_IN_PAGE = /^(evaluate|waitForFunction|\$)/;
/** Properties that hold other objects of Playwright. */
const PARTS = ['clock', 'keyboard', 'mouse', 'touchscreen'];

/** @typedef {{ watchdog: Watchdog, browser: Browser }} Launched */

/**
 * The browsers of this process. Two blocks of stories can run at once, each with its own.
 * @type {WeakMap<Browser, Launched>}
 */
const browsers = new WeakMap();
/**
 * The browser that was used last: for objects that do not know theirs.
 * @type {Launched | undefined}
 */
let current;

/** @type {Promise<unknown>} */
let lastLaunch = Promise.resolve();

/**
 * Launches a browser. Every method of it, and of the objects that it returns, has a limit. Launches run one after the other:
 * the process groups that appear during one are those of its browser, and are killed with it.
 * @param {BrowserType} type Playwright's `chromium` or `firefox`
 * @param {LaunchOptions} options
 * @param {Watchdog} watchdog
 */
export async function launch(type, options, watchdog) {
  const launched = lastLaunch.then(() => launchAlone(type, options, watchdog));
  lastLaunch = launched.catch(() => {});
  return await launched;
}

/**
 * @param {BrowserType} type
 * @param {LaunchOptions} options
 * @param {Watchdog} watchdog
 */
async function launchAlone(type, options, watchdog) {
  const before = ownGroups();
  const newGroups = () =>
    ownGroups()
      .filter((group) => !before.includes(group))
      .map((group) => new ProcessGroup(group));
  let browser;
  try {
    // Playwright's own limit is the shorter one.
    const start = () => type.launch({ ...options, timeout: watchdog.startMs });
    browser = await watchdog.command('launch', start, { limitMs: watchdog.startMs + CLOSE_MS });
  } catch (error) {
    for (const group of newGroups()) group.kill();
    if (error instanceof DriverFailure) throw error;
    throw watchdog.crashed(`the browser does not start: ${error instanceof Error ? error.message : error}`, error);
  }
  const groups = newGroups();
  const kill = () => {
    for (const group of groups) group.kill();
  };
  watchdog.onFailure(kill);
  browser.on('disconnected', () => watchdog.crashed('the browser has ended'));
  limitMethods(browser);
  const launched = { watchdog, browser };
  current = launched;
  browsers.set(browser, launched);
  const { newContext, close } = browser;
  return Object.assign(browser, {
    /** @type {Browser['newContext']} */
    newContext: async (contextOptions) => {
      current = launched;
      const context = await newContext.call(browser, contextOptions);
      context.on('page', (page) => page.on('crash', () => watchdog.crashed('a page of the browser has crashed')));
      return context;
    },
    close: async () => {
      watchdog.close();
      await settlesWithin(CLOSE_MS, close.call(browser));
      kill();
    },
  });
}

/**
 * Gives every method of this object's class a limit, and those of the objects that belong to it.
 * @template Value
 * @param {Value} object
 * @returns {Value}
 */
function limitMethods(object) {
  const prototype = object && typeof object === 'object' && Object.getPrototypeOf(object);
  if (!prototype || limitedPrototypes.has(prototype) || !isPlaywright(object)) return object;
  limitedPrototypes.add(prototype);
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const isPublic = !name.startsWith('_') && name !== 'constructor';
    if (isPublic && typeof method === 'function') prototype[name] = limited(name, method);
  }
  for (const name of PARTS) limitMethods(/** @type {any} */ (object)[name]);
  return object;
}

/**
 * Whether this is an object of Playwright, not data that it returns.
 * @param {object} object
 */
const isPlaywright = (object) => ['_connection', '_frame', '_page', '_browserContext'].some((name) => name in object);

/**
 * @param {string} name
 * @param {Method} method
 * @returns {Method & { unlimited: Method }}
 */
function limited(name, method) {
  /**
   * @this {unknown}
   * @param {...any} values
   */
  const call = function (...values) {
    // Only handlers get the objects of routes.
    if (name === 'route' && typeof values[1] === 'function') values[1] = limitedHandler(values[1]);
    if (name === 'close') closed.add(/** @type {object} */ (this));
    const result = method.apply(this, values);
    return typeof result?.then === 'function' ? waitFor(name, result, this) : limitMethods(result);
  };
  return Object.assign(call, { unlimited: method });
}

/** @type {(handler: Method) => Method} */
const limitedHandler =
  (handler) =>
  (route, ...values) =>
    handler(limitMethods(route), ...values);

/**
 * Waits for a command of Playwright, and finds out whether the page or the browser has delayed a late one.
 * @param {string} name
 * @param {Promise<unknown>} result
 * @param {any} object of Playwright
 */
async function waitFor(name, result, object) {
  // The command may still fail after the browser has, without a handler.
  result.catch(() => {});
  const launched = launchedWith(object);
  if (!launched) throw new Error('no browser was launched');
  const { watchdog, browser } = launched;
  const limitMs = watchdog.pageMs;
  const explain = async () =>
    RUNS_IN_PAGE.test(name) && (await pagesRespond(browser, watchdog))
      ? new Error(`${name}: the page has not ended it after ${limitMs} ms, and responds to other commands`)
      : null;
  try {
    return limitMethods(await watchdog.command(name, () => result, { limitMs, explain }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/has been closed/.test(error.message) && isOpen(object)) {
      throw watchdog.crashed('a page of the browser has closed by itself', error);
    }
    if (error.name !== 'TimeoutError') throw error;
    // Either the page does not show what the story waits for, or it shows nothing any more.
    await pagesRespond(browser, watchdog);
    throw watchdog.failure ?? error;
  }
}

/**
 * The page that this is, or is a part of.
 * @param {any} object of Playwright
 * @returns {Page | undefined}
 */
const pageOf = (object) =>
  object?._page ?? object?._frame?._page ?? (typeof object?.context === 'function' ? object : undefined);

/**
 * The browser to which this belongs.
 * @param {any} object of Playwright
 */
function launchedWith(object) {
  const context = pageOf(object)?.context() ?? object?._browserContext ?? object;
  const browser = context?._browser ?? context;
  return browsers.get(browser) ?? current;
}

/**
 * Whether this is a page, or a part of one, that no story has closed.
 * @param {any} object of Playwright
 */
function isOpen(object) {
  const page = pageOf(object);
  return page !== undefined && !closed.has(page) && !closed.has(page.context());
}

/**
 * Whether all pages respond; it is a failure of the browser if one does not.
 * @param {Browser} browser
 * @param {Watchdog} watchdog
 */
async function pagesRespond(browser, watchdog) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const responses = await Promise.all(
    pages.map((page) => settlesWithin(watchdog.commandMs, unlimitedEvaluate(page).call(page, '1'))),
  );
  // A browser that another command has found to hang has been killed, so its pages only seem to respond.
  if (responses.every((hasResponded) => hasResponded) && !watchdog.failure) return true;
  watchdog.fail(new DriverTimeout(`a page has not responded for ${watchdog.commandMs} ms`));
  return false;
}

/** @type {(page: Page) => Method} */
const unlimitedEvaluate = (page) => /** @type {any} */ (page.evaluate).unlimited;
