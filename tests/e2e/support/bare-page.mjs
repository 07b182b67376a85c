// A page with nothing but the login client, for stories that the storefront does not show.
//
// It is the shop's own page, with its address, headers and import map; only its script is replaced.

import { POLLING } from './shop.mjs';
import { until } from './until.mjs';

/**
 * @import { LoginClientSettings, SessionSnapshot } from 'authress-login-wasm'
 * @import { Shop } from './shop.mjs'
 * @import { RecordedEvent } from './window.d.ts'
 */

/**
 * The result of a call, or its error with the properties that scripts can see.
 * @typedef {{ value?: any, error?: any }} CallResult
 */

const RECORD_EVENTS = `login.subscribe(({ type, result }) => {
  events.push({ type, ...(result && { result }), status: login.getSnapshot().status });
});`;

/** @type {(settings: Partial<LoginClientSettings>, recordsEvents: boolean, setup: string) => string} */
const script = (settings, recordsEvents, setup) => `
  import { ExtensionClient, LoginClient, LoginError } from 'authress-login-wasm';
  ${setup}
  const settings = { ...await (await fetch('/config.json')).json(), ...${JSON.stringify(settings)} };
  const events = [];
  const login = new LoginClient(settings);
  ${recordsEvents ? RECORD_EVENTS : ''}
  Object.assign(window, { settings, ExtensionClient, LoginClient, LoginError, events, login });
`;

export class BarePage {
  #script;

  /**
   * @param {Shop} shop a tab of `story.mjs` that has not been opened
   * @param {object} [options]
   * @param {Partial<LoginClientSettings>} [options.settings] of the client, besides those of the shop
   * @param {boolean} [options.recordsEvents] subscribe from the beginning
   * @param {string} [options.setup] a script that every page runs before it creates the client
   */
  constructor(shop, { settings = {}, recordsEvents = false, setup = '' } = {}) {
    this.shop = shop;
    this.page = shop.page;
    this.#script = script(settings, recordsEvents, setup);
  }

  /**
   * @param {string} path
   * @param {Parameters<import('playwright-core').Page['goto']>[1]} options of `goto`
   */
  async open(path = '/', options = {}) {
    await this.page.route('**/app.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: this.#script }),
    );
    await this.page.goto(this.shop.stack.shopUrl + path, options);
    await this.isReady();
  }

  async isReady() {
    // The client may be there before the page has loaded.
    await this.page.waitForURL((url) => url.origin === this.shop.stack.shopUrl, { waitUntil: 'commit' });
    await this.page.waitForFunction(() => window.login, null, POLLING);
  }

  /** The types of the events so far. */
  async eventTypes() {
    return (await this.events()).map(({ type }) => type);
  }

  /**
   * The events so far.
   * @returns {Promise<RecordedEvent[]>}
   */
  async events() {
    return await this.page.evaluate(() => window.events);
  }

  /**
   * Waits until the events are exactly of these types.
   * @param {...string} expected
   */
  async hasEvents(...expected) {
    await until(async () => (await this.eventTypes()).join(' '), expected.join(' '));
  }

  /**
   * The same for events whose order does not matter.
   * @param {...string} expected
   */
  async hasEventsInSomeOrder(...expected) {
    await until(async () => (await this.eventTypes()).sort().join(' '), expected.sort().join(' '));
  }

  /** @returns {Promise<{ status: SessionSnapshot['status'], userIdentity: any }>} */
  async snapshot() {
    return await this.page.evaluate(() => window.login.getSnapshot());
  }

  /**
   * Waits until the snapshot shows this status.
   * @param {SessionSnapshot['status']} status
   */
  async hasStatus(status) {
    await until(async () => (await this.snapshot()).status, status);
  }

  /**
   * Calls a method of the client.
   * @param {string} method
   * @param {...unknown} values
   */
  async call(method, ...values) {
    return await this.callOn('login', method, ...values);
  }

  /**
   * Calls a method of the client in another global variable.
   * @param {string} client
   * @param {string} method
   * @param {...unknown} values
   * @returns {Promise<CallResult>}
   */
  async callOn(client, method, ...values) {
    return await this.page.evaluate(
      async ({ client, method, values }) => {
        try {
          return { value: await window[client][method](...values) };
        } catch (error) {
          const { name, code, message, status, serverCode } = error;
          const isLoginError = error instanceof window.LoginError && error instanceof Error;
          return { error: { name, code, message, status, serverCode, isLoginError } };
        }
      },
      { client, method, values },
    );
  }

  /**
   * Calls a method that leaves the page, and does not wait for it.
   * @param {string} method
   * @param {...unknown} values
   */
  async leave(method, ...values) {
    await this.page.evaluate(
      ({ method, values }) => {
        window.failure = null;
        window.login[method](...values).catch((/** @type {any} */ error) => {
          window.failure = error.code;
        });
      },
      { method, values },
    );
  }

  /**
   * Waits until the browser has returned to this path of the shop.
   * @param {string} path
   */
  async hasReturnedTo(path) {
    const { origin, pathname, search } = new URL(path, this.shop.stack.shopUrl);
    // Until the client has cleaned the address it ends with the callback parameters.
    /** @type {(url: URL) => boolean} */
    const isThere = (url) => url.origin === origin && url.pathname === pathname && url.search.startsWith(search);
    await this.page.waitForURL(isThere, { waitUntil: 'commit' });
    await this.isReady();
  }

  /** Becomes an anonymous shopper. */
  async startAnonymous() {
    await this.leave('authenticate', { connectionId: this.shop.stack.shopperConnectionId, redirectUrl: '/?started' });
    await this.hasReturnedTo('/?started');
  }

  /** Ends the session. */
  async logOut() {
    await this.leave('logout', '/?bye');
    await this.hasReturnedTo('/?bye');
  }

  /**
   * Leaves for a provider, acts there, and returns.
   * @param {'authenticate' | 'linkIdentity'} method
   * @param {string} connectionId
   * @param {() => Promise<unknown>} act
   */
  async visitProvider(method, connectionId, act) {
    await this.leave(method, { connectionId, redirectUrl: '/?back' });
    await this.shop.isAtProvider(connectionId);
    await act();
    await this.hasReturnedTo('/?back');
  }

  /**
   * Picks an account on the provider's page.
   * @param {string} account
   */
  async pick(account) {
    await this.shop.find('user-other').fill(account);
    await this.shop.press('continue');
  }
}
