// A WebKit profile: as much of Playwright's browser context as the stories use.

import { EventEmitter } from 'node:events';

import { Clock } from './clock.mjs';
import { Gate } from './gate.mjs';
import { Page } from './page.mjs';
import { bind, listen, markTab } from './preload.mjs';
import { Session } from './session.mjs';

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' };

/** Emits `request`, and for all of its pages `console` and `pageerror`. */
export class Context extends EventEmitter {
  patience = 30_000;
  clock = new Clock(this);
  #session;
  #pages = [];
  #origins;
  #bindings = new Map();
  /** A tab that looks after the cookies of origins that no page shows. */
  #helper;
  #closing;

  static async open(stack, { storageState }, watch) {
    const context = new Context();
    context.setMaxListeners(50);
    context.gate = await Gate.open(stack);
    context.gate.scripts.push(`(${listen})(${JSON.stringify(Gate.ear)})`, `(${markTab})()`);
    for (const event of ['request', 'response', 'requestfailed'])
      context.gate.on(event, (it) => context.emit(event, it));
    context.gate.on('told', (message) => context.#hear(message));
    context.#origins = [stack.shopUrl, stack.sandboxUrl];
    try {
      context.#session = await Session.start(context.gate.address, watch);
      if (storageState) await context.#restore(storageState);
    } catch (error) {
      await context.close();
      throw error;
    }
    return context;
  }

  setDefaultTimeout(milliseconds) {
    this.patience = milliseconds;
  }

  async newPage() {
    // The first window is there from the start.
    const isFirst = this.#pages.length === 0 && !this.#helper;
    return this.#add(isFirst ? this.#session.current : await this.#session.newTab());
  }

  pages() {
    return [...this.#pages];
  }

  async waitForEvent(event) {
    if (event !== 'page') throw new Error(`nobody waits for ${event} here`);
    const before = await this.#session.handles();
    const [page] = this.#pages;
    const handle = await page.poll(
      async () => (await this.#session.handles()).find((it) => !before.includes(it)),
      'another tab',
    );
    return this.#add(handle);
  }

  async addInitScript(call, value) {
    this.gate.scripts.push(`(${call})(${JSON.stringify(value) ?? ''})`);
  }

  async exposeBinding(name, call) {
    this.#bindings.set(name, call);
    await this.addInitScript(bind, name);
  }

  async route(pattern, handler) {
    this.gate.addRoute(pattern, handler);
  }

  async setOffline(isOffline) {
    this.gate.isOffline = isOffline;
    // The browser itself stays online and has to be told otherwise.
    await Promise.all(
      this.#pages.map((page) =>
        page.evaluate((isOffline) => {
          Object.defineProperty(navigator, 'onLine', { get: () => !isOffline, configurable: true });
          window.dispatchEvent(new Event(isOffline ? 'offline' : 'online'));
        }, isOffline),
      ),
    );
  }

  /** The cookies for these addresses, or all that the stack's servers have set. */
  async cookies(urls = this.#origins) {
    const all = new Map();
    for (const url of [urls].flat()) {
      const seen = await this.#at(new URL(url).origin, (driver) => driver.manage().getCookies());
      for (const { expiry, sameSite, ...cookie } of seen) {
        const key = [cookie.name, cookie.domain, cookie.path].join(' ');
        all.set(key, { ...cookie, sameSite: SAME_SITE[sameSite.toLowerCase()], expires: expiry ?? -1 });
      }
    }
    return [...all.values()];
  }

  async addCookies(cookies) {
    for (const { expires, domain, ...cookie } of cookies) {
      const origin = this.#origins.find((it) => new URL(it).hostname.endsWith(domain.replace(/^\./, '')));
      const whole = {
        ...cookie,
        ...(expires > 0 && { expiry: Math.round(expires) }),
        ...(domain.startsWith('.') && { domain }),
      };
      await this.#at(origin, (driver) => driver.manage().addCookie(whole));
    }
  }

  async clearCookies({ name }) {
    for (const origin of this.#origins) await this.#at(origin, (driver) => driver.manage().deleteCookie(name));
  }

  async storageState() {
    const [origin] = this.#origins;
    const stored = await this.#at(origin, (driver) => driver.executeScript('return Object.entries(localStorage)'));
    return { cookies: await this.cookies(), origins: [{ origin, localStorage: stored }] };
  }

  async close() {
    this.#closing ??= Promise.resolve(this.#session?.close()).then(() => this.gate.close());
    await this.#closing;
  }

  #add(handle) {
    const page = new Page(this, this.#session, handle, this.#pages.length + 1);
    this.#pages.push(page);
    return page;
  }

  async #restore({ cookies, origins }) {
    await this.addCookies(cookies);
    for (const { origin, localStorage: stored } of origins) {
      await this.#at(origin, (driver) =>
        driver.executeScript('for (const [key, value] of arguments[0]) localStorage[key] = value', stored),
      );
    }
  }

  /**
   * The driver reads cookies and storage of the shown page's origin only; and no `SameSite=Strict` cookies where
   * another site has led to the page.
   */
  async #at(origin, work) {
    this.#helper ??= await this.#session.newTab();
    return await this.#session.in(
      this.#helper,
      async (driver) => {
        await driver.get(Gate.blank(origin));
        return await work(driver);
      },
      'read or change what is stored',
    );
  }

  #hear({ console: text, uncaught, binding, values }) {
    if (binding) this.#bindings.get(binding)?.({ context: this }, ...values);
    else if (uncaught) this.emit('pageerror', uncaught);
    else this.emit('console', { text: () => text });
  }
}
