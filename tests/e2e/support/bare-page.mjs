// A page with nothing on it but the login client, for what the storefront does not show.
//
// It is the shop's own page, with its address, headers and import map; only its script is another.

import { POLLING } from './shop.mjs';
import { until } from './until.mjs';

/** `events` gets each event's type and result, and the state that the snapshot shows meanwhile. */
const LISTEN = `login.subscribe(({ type, result }) => {
  events.push({ type, ...(result && { result }), status: login.getSnapshot().status });
});`;

const script = (settings, listens, first) => `
  import { ExtensionClient, LoginClient, LoginError } from 'authress-login-wasm';
  ${first}
  const settings = { ...await (await fetch('/config.json')).json(), ...${JSON.stringify(settings)} };
  const events = [];
  const login = new LoginClient(settings);
  ${listens ? LISTEN : ''}
  Object.assign(window, { settings, ExtensionClient, LoginClient, LoginError, events, login });
`;

export class BarePage {
  #script;

  /**
   * @param shop a tab of `story.mjs` that has not been opened
   * @param settings of the client, besides those of the shop
   * @param listens subscribe from the beginning
   * @param first what every page runs before there is a client
   */
  constructor(shop, { settings = {}, listens = false, first = '' } = {}) {
    this.shop = shop;
    this.page = shop.page;
    this.#script = script(settings, listens, first);
  }

  /** @param options of `goto`: until when to wait */
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
  async events() {
    return (await this.toldEvents()).map(({ type }) => type);
  }

  /** The events so far: `{type, result, status}`. */
  async toldEvents() {
    return await this.page.evaluate(() => window.events);
  }

  /** Waits until the events are exactly these. */
  async hasEvents(...expected) {
    await until(async () => (await this.events()).join(' '), expected.join(' '));
  }

  /** The same for events whose order is not what the test is about. */
  async hasEventsInSomeOrder(...expected) {
    await until(async () => (await this.events()).sort().join(' '), expected.sort().join(' '));
  }

  async snapshot() {
    return await this.page.evaluate(() => window.login.getSnapshot());
  }

  /** Waits until the snapshot shows `signed-in`, `signed-out` or `checking`. */
  async hasStatus(status) {
    await until(async () => (await this.snapshot()).status, status);
  }

  /** Calls a method: `{value}`, or `{error}` with what scripts can see of it. */
  async call(method, ...values) {
    return await this.callOn('login', method, ...values);
  }

  /** The same for the client in another global variable. */
  async callOn(client, method, ...values) {
    return await this.page.evaluate(
      async ([client, method, values]) => {
        try {
          return { value: await window[client][method](...values) };
        } catch (error) {
          const { name, code, message, status, serverCode } = error;
          const isLoginError = error instanceof window.LoginError && error instanceof Error;
          return { error: { name, code, message, status, serverCode, isLoginError } };
        }
      },
      [client, method, values],
    );
  }

  /** Calls a method that leaves the page, and does not wait for it. */
  async leave(method, ...values) {
    await this.page.evaluate(
      ([method, values]) => {
        window.failure = null;
        window.login[method](...values).catch((error) => {
          window.failure = error.code;
        });
      },
      [method, values],
    );
  }

  /** Waits until the browser has come back to this address below the shop's. */
  async returnsTo(path) {
    const { origin, pathname, search } = new URL(path, this.shop.stack.shopUrl);
    // More may stand behind it until the client has cleaned the address.
    const isThere = (url) => url.origin === origin && url.pathname === pathname && url.search.startsWith(search);
    await this.page.waitForURL(isThere, { waitUntil: 'commit' });
    await this.isReady();
  }

  /** Becomes an anonymous shopper. */
  async startAnonymous() {
    await this.leave('authenticate', { connectionId: this.shop.stack.shopperConnectionId, redirectUrl: '/?started' });
    await this.returnsTo('/?started');
  }

  /** Ends the session. */
  async logOut() {
    await this.leave('logout', '/?bye');
    await this.returnsTo('/?bye');
  }

  /** Leaves for a provider, does there what `act` does, and comes back. */
  async visitProvider(method, connectionId, act) {
    await this.leave(method, { connectionId, redirectUrl: '/?back' });
    await this.shop.isAtProvider(connectionId);
    await act();
    await this.returnsTo('/?back');
  }

  /** Says who it is on the provider's page. */
  async pick(person) {
    await this.shop.find('user-other').fill(person);
    await this.shop.press('continue');
  }
}
