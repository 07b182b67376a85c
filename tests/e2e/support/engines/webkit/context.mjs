// A WebKit profile: as much of Playwright's browser context as the stories use.

import { EventEmitter } from 'node:events';

import { Clock } from './clock.mjs';
import { bind, markTab, reportMessages } from './init-scripts.mjs';
import { Interceptor } from './interceptor.mjs';
import { Page } from './page.mjs';
import { Session } from './session.mjs';

/**
 * @import { WebDriver } from 'selenium-webdriver'
 * @import { StackDescription } from '../../stack.mjs'
 * @import { Watchdog } from '../../watchdog.mjs'
 * @import { RouteHandler } from './interceptor.mjs'
 * @import { Pattern } from './request.mjs'
 */

/** @typedef {{ name: string, value: string, domain: string, path?: string, expires?: number, secure?: boolean }} Cookie */
/** @typedef {{ cookies: Cookie[], origins: { origin: string, localStorage: unknown }[] }} StorageState */
/** @typedef {(source: { context: Context }, ...values: any[]) => unknown} Binding */

/** @type {Record<string, string>} */
const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' };

/** Emits `request`, and for all of its pages `console` and `pageerror`. */
export class Context extends EventEmitter {
  patience = 30_000;
  clock = new Clock(this);
  interceptor;
  #session;
  /** @type {Page[]} */
  #pages = [];
  #origins;
  /** @type {Map<string, Binding>} */
  #bindings = new Map();
  /**
   * A tab for the cookies of origins that no page shows.
   * @type {string | undefined}
   */
  #helper;
  /** @type {Promise<void> | undefined} */
  #closing;

  /**
   * @param {Interceptor} interceptor
   * @param {Session} session
   * @param {string[]} origins
   */
  constructor(interceptor, session, origins) {
    super();
    this.setMaxListeners(50);
    this.interceptor = interceptor;
    this.#session = session;
    this.#origins = origins;
    interceptor.scripts.push(`(${reportMessages})(${JSON.stringify(Interceptor.reportPath)})`, `(${markTab})()`);
    for (const event of ['request', 'response', 'requestfailed']) interceptor.on(event, (it) => this.emit(event, it));
    interceptor.on('report', (message) => this.#receive(message));
  }

  /**
   * @param {StackDescription} stack
   * @param {{ storageState?: any }} options
   * @param {Watchdog} watchdog
   */
  static async open(stack, { storageState }, watchdog) {
    const interceptor = await Interceptor.start(stack);
    let context;
    try {
      const session = await Session.start(interceptor.address, watchdog);
      context = new Context(interceptor, session, [stack.shopUrl, stack.sandboxUrl]);
      if (storageState) await context.#restore(storageState);
      return context;
    } catch (error) {
      await (context ?? interceptor).close();
      throw error;
    }
  }

  /** @param {number} milliseconds */
  setDefaultTimeout(milliseconds) {
    this.patience = milliseconds;
  }

  async newPage() {
    // The browser starts with one window.
    const isFirst = this.#pages.length === 0 && !this.#helper;
    return this.#add(isFirst ? this.#session.current : await this.#session.newTab());
  }

  pages() {
    return [...this.#pages];
  }

  /** @param {string} event */
  async waitForEvent(event) {
    if (event !== 'page') throw new Error(`waiting for ${event} is not supported here`);
    const before = await this.#session.handles();
    const [page] = this.#pages;
    const handle = await page.poll(
      async () => (await this.#session.handles()).find((it) => !before.includes(it)),
      'another tab',
    );
    return this.#add(handle);
  }

  /**
   * @param {Function} call
   * @param {unknown} [value]
   */
  async addInitScript(call, value) {
    this.interceptor.scripts.push(`(${call})(${JSON.stringify(value) ?? ''})`);
  }

  /**
   * @param {string} name
   * @param {Binding} call
   */
  async exposeBinding(name, call) {
    this.#bindings.set(name, call);
    await this.addInitScript(bind, name);
  }

  /**
   * @param {Pattern} pattern
   * @param {RouteHandler} handler
   */
  async route(pattern, handler) {
    this.interceptor.addRoute(pattern, handler);
  }

  /** @param {boolean} isOffline */
  async setOffline(isOffline) {
    this.interceptor.isOffline = isOffline;
    // The browser itself stays online, so its pages get the state and the event from here.
    await Promise.all(
      this.#pages.map((page) =>
        page.evaluate((/** @type {boolean} */ offline) => {
          Object.defineProperty(navigator, 'onLine', { get: () => !offline, configurable: true });
          window.dispatchEvent(new Event(offline ? 'offline' : 'online'));
        }, isOffline),
      ),
    );
  }

  /**
   * The cookies for these addresses, or all that the stack's servers have set.
   * @param {string | string[]} urls
   */
  async cookies(urls = this.#origins) {
    const all = new Map();
    for (const url of [urls].flat()) {
      const found = await this.#at(new URL(url).origin, (driver) => driver.manage().getCookies());
      for (const { expiry, sameSite = 'none', ...cookie } of found) {
        const key = [cookie.name, cookie.domain, cookie.path].join(' ');
        all.set(key, { ...cookie, sameSite: SAME_SITE[sameSite.toLowerCase()], expires: expiry ?? -1 });
      }
    }
    return [...all.values()];
  }

  /** @param {Cookie[]} cookies */
  async addCookies(cookies) {
    for (const { expires = -1, domain, ...cookie } of cookies) {
      const origin = this.#origins.find((it) => new URL(it).hostname.endsWith(domain.replace(/^\./, '')));
      if (!origin) throw new Error(`no server of the stack is at ${domain}`);
      const whole = {
        ...cookie,
        ...(expires > 0 && { expiry: Math.round(expires) }),
        ...(domain.startsWith('.') && { domain }),
      };
      await this.#at(origin, (driver) => driver.manage().addCookie(whole));
    }
  }

  /** @param {{ name: string }} cookie */
  async clearCookies({ name }) {
    for (const origin of this.#origins) await this.#at(origin, (driver) => driver.manage().deleteCookie(name));
  }

  /** @returns {Promise<StorageState>} */
  async storageState() {
    const [origin] = this.#origins;
    const stored = await this.#at(origin, (driver) => driver.executeScript('return Object.entries(localStorage)'));
    return { cookies: await this.cookies(), origins: [{ origin, localStorage: stored }] };
  }

  async close() {
    this.#closing ??= this.#session.close().then(() => this.interceptor.close());
    await this.#closing;
  }

  /** @param {string} handle */
  #add(handle) {
    const page = new Page(this, this.#session, handle, this.#pages.length + 1);
    this.#pages.push(page);
    return page;
  }

  /** @param {StorageState} state */
  async #restore({ cookies, origins }) {
    await this.addCookies(cookies);
    for (const { origin, localStorage: stored } of origins) {
      await this.#at(origin, (driver) =>
        driver.executeScript('for (const [key, value] of arguments[0]) localStorage[key] = value', stored),
      );
    }
  }

  /**
   * Runs driver commands on an empty page of an origin. The driver reads cookies and storage of the shown page's origin
   * only, and no `SameSite=Strict` cookies where another site has led to the page.
   * @template Result
   * @param {string} origin
   * @param {(driver: WebDriver) => Promise<Result>} work
   */
  async #at(origin, work) {
    this.#helper ??= await this.#session.newTab();
    return await this.#session.in(
      this.#helper,
      async (driver) => {
        await driver.get(Interceptor.blank(origin));
        return await work(driver);
      },
      'read or change cookies or storage',
    );
  }

  /** @param {{ console?: string, uncaught?: string, binding?: string, values?: unknown[] }} message */
  #receive({ console: text, uncaught, binding, values = [] }) {
    if (binding) this.#bindings.get(binding)?.({ context: this }, ...values);
    else if (uncaught) this.emit('pageerror', uncaught);
    else this.emit('console', { text: () => text });
  }
}
