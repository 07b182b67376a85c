// Playwright with a limit for every command. It has limits of its own only for what waits for a page: a browser that
// hangs in `evaluate`, `newPage` or `close` would never be noticed.

import { DriverFailure, DriverTimeout } from '../driver-failure.mjs';
import { CLOSE_MS } from '../limits.mjs';
import { ProcessGroup, ownGroups } from '../process-group.mjs';
import { isSettled } from '../watch.mjs';

/** Prototypes of Playwright's objects whose methods are watched already. */
const watched = new WeakSet();
/** Commands that end when code of the page does. */
const RUNS_IN_PAGE = /^(evaluate|waitForFunction|\$)/;
/** Properties that hold other objects of Playwright. */
const PARTS = ['clock', 'keyboard', 'mouse', 'touchscreen'];

/** The browser whose story runs: there is one at a time. */
let current;

/**
 * Launches a browser.
 * @param type Playwright's `chromium` or `firefox`
 * @returns Playwright's browser; every method of it, and of what it gives, has a limit
 */
export async function launch(type, options, watch) {
  const before = ownGroups();
  const newGroups = () =>
    ownGroups()
      .filter((group) => !before.includes(group))
      .map((group) => new ProcessGroup(group));
  let browser;
  try {
    // Playwright's own limit comes first.
    const start = () => type.launch({ ...options, timeout: watch.startMs });
    browser = await watch.command('launch', start, { limitMs: watch.startMs + CLOSE_MS });
  } catch (error) {
    for (const group of newGroups()) group.kill();
    throw error instanceof DriverFailure ? error : watch.crashed(`the browser does not start: ${error.message}`, error);
  }
  const groups = newGroups();
  const kill = () => {
    for (const group of groups) group.kill();
  };
  watch.onFailure(kill);
  browser.on('disconnected', () => watch.crashed('the browser has ended'));
  adopt(browser);
  const { newContext, close } = browser;
  current = { watch, browser };
  return Object.assign(browser, {
    newContext: async (contextOptions) => {
      current = { watch, browser };
      const context = await newContext.call(browser, contextOptions);
      context.on('page', (page) => page.on('crash', () => watch.crashed('a page of the browser has crashed')));
      return context;
    },
    close: async () => {
      watch.close();
      await isSettled(close.call(browser), CLOSE_MS);
      kill();
    },
  });
}

/** Gives every method of objects of this kind a limit, and of the objects that belong to it. */
function adopt(object) {
  const prototype = object && typeof object === 'object' && Object.getPrototypeOf(object);
  if (!prototype || watched.has(prototype) || !isPlaywright(object)) return object;
  watched.add(prototype);
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const isPublic = !name.startsWith('_') && name !== 'constructor';
    if (isPublic && typeof method === 'function') prototype[name] = limited(name, method);
  }
  for (const name of PARTS) adopt(object[name]);
  return object;
}

/** Objects of Playwright, and no data that it gives. */
const isPlaywright = (object) => ['_connection', '_frame', '_page', '_browserContext'].some((name) => name in object);

function limited(name, method) {
  const call = function (...values) {
    // A handler gets objects that nothing else gives.
    if (name === 'route' && typeof values[1] === 'function') values[1] = handlerOf(values[1]);
    const result = method.apply(this, values);
    return typeof result?.then === 'function' ? ended(name, result) : adopt(result);
  };
  call.unlimited = method;
  return call;
}

const handlerOf =
  (handler) =>
  (route, ...values) =>
    handler(adopt(route), ...values);

/** Waits for a command of Playwright, and finds out whether a late one is the page's fault or the browser's. */
async function ended(name, result) {
  // It has been begun, also if the browser has failed and its end is of no interest any more.
  result.catch(() => {});
  const { watch, browser } = current;
  const limitMs = watch.pageMs;
  const explain = async () =>
    RUNS_IN_PAGE.test(name) && (await pagesAnswer(browser, watch))
      ? new Error(`${name}: the page has not ended it after ${limitMs} ms, and answers other commands`)
      : null;
  try {
    return adopt(await watch.command(name, () => result, { limitMs, explain }));
  } catch (error) {
    if (error.name !== 'TimeoutError') throw error;
    // Either the page does not show what is waited for, or it shows nothing any more.
    await pagesAnswer(browser, watch);
    throw watch.failure ?? error;
  }
}

/** Whether all pages answer; it is a failure of the browser if one does not. */
async function pagesAnswer(browser, watch) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const answers = await Promise.all(
    pages.map((page) => isSettled(page.evaluate.unlimited.call(page, '1'), watch.commandMs)),
  );
  // A browser that another command has found to hang is killed by now, so its pages only seem to answer.
  if (answers.every((isAnswer) => isAnswer) && !watch.failure) return true;
  watch.fail(new DriverTimeout(`a page has not answered for ${watch.commandMs} ms`));
  return false;
}
