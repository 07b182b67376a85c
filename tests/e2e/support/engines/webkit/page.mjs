// A tab of WebKit: as much of Playwright's page as the stories use.

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { DriverFailure } from '../../driver-failure.mjs';
import { PAGE_MS } from '../../limits.mjs';
import { Interceptor } from './interceptor.mjs';
import { Locator } from './locator.mjs';
import { matcher } from './request.mjs';
import { decode, encode, script } from './serialization.mjs';

/**
 * @import { WebDriver } from 'selenium-webdriver'
 * @import { Context } from './context.mjs'
 * @import { RouteHandler } from './interceptor.mjs'
 * @import { Pattern } from './request.mjs'
 * @import { Session } from './session.mjs'
 */

/**
 * What a script of WebDriver returns: the serialized result of a call, or why there is none.
 * @typedef {{ result?: string, failure?: string, isPending?: boolean, isGone?: boolean }} Outcome
 */

const PAUSE_MS = 20;

/** Calls a test's function in the page. The result of a promise is read later. */
const CALL = script((codec, id, text, call) => {
  const result = call(codec.decode(text));
  if (typeof result?.then !== 'function') return { result: codec.encode(result) };
  const outcomes = (window['-outcomes-'] ??= {});
  outcomes[id] = { isPending: true };
  /** @type {(error: unknown) => string} */
  const textOf = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  result
    .then(
      (/** @type {unknown} */ value) => ({ result: codec.encode(value) }),
      (/** @type {unknown} */ error) => ({ failure: textOf(error) }),
    )
    .then((/** @type {object} */ outcome) => {
      outcomes[id] = outcome;
    });
  return { isPending: true };
});
const READ_OUTCOME = script((_, id) => {
  const outcome = window['-outcomes-']?.[id] ?? { isGone: true };
  if (!outcome.isPending && !outcome.isGone) delete window['-outcomes-'][id];
  return outcome;
});

export class Page {
  #session;
  #handle;
  #context;
  /** For names that are used once. */
  #count = 0;
  #tab;
  #isRouted = false;
  /** Origins whose storage has the tab's number: see `markTab`. */
  #marked = new Set();

  /**
   * @param {Context} context
   * @param {Session} session
   * @param {string} handle of the driver
   * @param {number} tab
   */
  constructor(context, session, handle, tab) {
    this.#context = context;
    this.#tab = `${tab}`;
    this.#session = session;
    this.#handle = handle;
  }

  context() {
    return this.#context;
  }

  get clock() {
    return this.#context.clock;
  }

  /**
   * Runs driver commands in this tab, and no others meanwhile.
   * @template Result
   * @param {(driver: WebDriver) => Promise<Result>} work
   * @param {string} name
   */
  async do(work, name) {
    return await this.#session.in(this.#handle, work, name);
  }

  /** @param {string} url */
  async goto(url) {
    const { origin } = new URL(url);
    await this.do(async (driver) => {
      if (this.#isRouted && !this.#marked.has(origin)) {
        await driver.get(Interceptor.blank(origin));
        await driver.executeScript('sessionStorage["-tab-"] = arguments[0]', this.#tab);
        this.#marked.add(origin);
      }
      await driver.get(url);
    }, 'open an address');
  }

  async reload() {
    await this.do((driver) => driver.navigate().refresh(), 'reload');
  }

  async goBack() {
    await this.#traverse('back');
  }

  async goForward() {
    await this.#traverse('forward');
  }

  async url() {
    return await this.do((driver) => driver.getCurrentUrl(), 'read the address');
  }

  async bringToFront() {
    await this.do(async () => {}, 'switch to a tab');
  }

  /** @param {{ path: string }} options */
  async screenshot({ path }) {
    await writeFile(path, await this.do((driver) => driver.takeScreenshot(), 'take a picture'), 'base64');
  }

  /**
   * Calls a function in the page.
   * @param {string | ((value: any) => unknown)} call
   * @param {unknown} [value]
   * @returns {Promise<any>}
   */
  async evaluate(call, value) {
    const id = this.#nextNumber();
    // As text, since the page's policy may forbid to make a function of a string.
    const text = CALL.replace('...arguments', `...arguments, ${call}`);
    /** @type {Outcome} */
    let outcome = await this.do((driver) => driver.executeScript(text, id, encode(value)), 'run a script');
    const end = Date.now() + PAGE_MS;
    while (outcome.isPending) {
      if (Date.now() > end)
        throw new Error(`the page has not ended a call after ${PAGE_MS} ms, and responds to other commands`);
      await setTimeout(PAUSE_MS);
      outcome = await this.do((driver) => driver.executeScript(READ_OUTCOME, id), 'read the result of a script');
      if (outcome.isGone) throw new Error('the page was left before the call had a result');
    }
    if (outcome.failure) throw new Error(outcome.failure);
    return decode(outcome.result ?? '');
  }

  /**
   * Reads a value again and again, also while the page changes, until it is truthy.
   * @template Value
   * @param {() => Promise<Value>} read
   * @param {string} what for messages
   * @param {number} [timeout]
   * @returns {Promise<Exclude<Value, undefined | false>>}
   */
  async poll(read, what, timeout = this.#context.patience) {
    const end = Date.now() + timeout;
    while (true) {
      let problem = '';
      try {
        const value = await read();
        if (value) return /** @type {Exclude<Value, undefined | false>} */ (value);
      } catch (error) {
        if (error instanceof DriverFailure || !(error instanceof Error)) throw error;
        problem = `: ${error.message.split('\n')[0]}`;
      }
      if (Date.now() > end) throw new Error(`${timeout} ms have passed without ${what}${problem}`);
      await setTimeout(PAUSE_MS);
    }
  }

  /**
   * @param {Pattern} expected
   * @param {{ waitUntil?: string }} [options]
   */
  async waitForURL(expected, { waitUntil } = {}) {
    const matches = matcher(expected);
    await this.poll(async () => {
      const [url, state] = await this.evaluate(() => [location.href, document.readyState]);
      return matches(url) && (waitUntil === 'commit' || state === 'complete');
    }, 'the address');
  }

  /**
   * @param {(value: any) => unknown} call
   * @param {unknown} [value]
   */
  async waitForFunction(call, value) {
    await this.poll(() => this.evaluate(call, value), 'the result that was waited for');
  }

  /** @param {string} selector */
  async waitForSelector(selector) {
    await this.locator(selector).waitFor();
  }

  /** @param {number} milliseconds */
  async waitForTimeout(milliseconds) {
    await setTimeout(milliseconds);
  }

  /** @param {(request: any) => boolean} matches */
  async waitForRequest(matches) {
    return await this.waitForEvent('request', matches);
  }

  /** @param {(response: any) => boolean} matches */
  async waitForResponse(matches) {
    return await this.waitForEvent('response', matches);
  }

  /**
   * @param {string} event
   * @param {(it: any) => boolean} matches
   * @returns {Promise<any>}
   */
  async waitForEvent(event, matches = () => true) {
    if (event === 'framenavigated') return await this.#waitForLeaving(await this.#mark());
    const signal = AbortSignal.timeout(this.#context.patience);
    while (true) {
      const [it] = await once(this.#context.interceptor, event, { signal });
      if (matches(it)) return it;
    }
  }

  /** @param {string} mark of the page that is left */
  async #waitForLeaving(mark) {
    await this.poll(() => this.evaluate((/** @type {string} */ name) => !window[name], mark), 'another page');
  }

  /**
   * By the page's own history: the driver waits without end for a page from the back/forward cache to load.
   * @param {'back' | 'forward'} direction
   */
  async #traverse(direction) {
    const mark = await this.#mark();
    await this.evaluate((/** @type {'back' | 'forward'} */ way) => {
      history[way]();
    }, direction);
    await this.#waitForLeaving(mark);
  }

  /** Marks the page that is shown, under a name that no page before it has had. */
  async #mark() {
    const mark = `-here-${this.#nextNumber()}-`;
    await this.evaluate((/** @type {string} */ name) => {
      window[name] = true;
    }, mark);
    return mark;
  }

  #nextNumber() {
    this.#count += 1;
    return `${this.#count}`;
  }

  /**
   * @param {string} event
   * @param {(...values: any[]) => void} listener
   */
  on(event, listener) {
    this.#context.on(event, listener);
  }

  /**
   * @param {Pattern} pattern
   * @param {RouteHandler} handler
   */
  async route(pattern, handler) {
    this.#isRouted = true;
    this.#context.interceptor.addRoute(pattern, handler, this.#tab);
  }

  /** @param {Pattern} pattern */
  async unroute(pattern) {
    this.#context.interceptor.removeRoute(pattern, this.#tab);
  }

  /**
   * @param {Function} call
   * @param {unknown} [value]
   */
  async addInitScript(call, value) {
    await this.#context.addInitScript(call, value);
  }

  /** @param {string} selector */
  locator(selector) {
    return new Locator(this, [{ selector }]);
  }

  /**
   * @param {'alert' | 'link' | 'button'} role
   * @param {{ name?: RegExp }} [options]
   */
  getByRole(role, { name } = {}) {
    const selector = { alert: '[role="alert"]', link: 'a[href]', button: 'button' }[role];
    return new Locator(this, [{ selector, name: name && [name.source, name.flags] }]);
  }
}
