// The people of an attack: an attacker with a browser and curl, and a shopper who is led somewhere.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

import { BarePage } from '../e2e/support/bare-page.mjs';
import { until } from '../e2e/support/until.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Cast } from '../e2e/support/story.mjs'
 * @import { Shop } from '../e2e/support/shop.mjs'
 */

/** How long to wait for what an attempt needs. */
const PATIENCE_MS = 15_000;
/** How long to wait for what a refused attack never brings. */
const SHORT_MS = 2000;

/** The provider with which a shopper signs in. */
export const PROVIDER = 'con_acorn';

/**
 * A response to a program, which follows no redirect.
 * @typedef {{ status: number, location: string, cookies: string[], body: string }} RawResponse
 */

/**
 * Sends a request as a program. Not by `fetch`, which says that it is no navigation.
 * @param {Cast} cast
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, form?: Record<string, string> }} [init] `form`: a body
 * @returns {Promise<RawResponse>}
 */
export async function send({ stack }, url, { method = 'GET', headers = {}, form } = {}) {
  const { sandboxUrl, sandboxControlUrl, verifierUrl, verifierInternalUrl } = stack;
  const direct = url.replace(sandboxUrl, sandboxControlUrl).replace(verifierUrl, verifierInternalUrl);
  const type = form && { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = request(direct, { method, headers: { ...type, ...headers } });
  sent.end(form && new URLSearchParams(form).toString());
  /** @type {import('node:http').IncomingMessage[]} */
  const [response] = /** @type {any} */ (await once(sent, 'response'));
  return {
    status: response.statusCode ?? 0,
    location: response.headers.location ?? '',
    cookies: (response.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]),
    body: await text(response),
  };
}

/** @param {string} token */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

/** An account that signs in nowhere else. */
export const newAccount = () => `shopper-${randomUUID()}`;

/** A page of the shop with nothing but the client. */
export class Person extends BarePage {
  /**
   * @param {Cast} cast
   * @param {Shop} shop
   * @param {ConstructorParameters<typeof BarePage>[1]} [options]
   */
  constructor(cast, shop, options) {
    super(shop, options);
    this.cast = cast;
    // An attempt that waits for what a defence prevents ends as refused or in vain, and there are many.
    this.page.setDefaultTimeout(PATIENCE_MS);
    this.page.setDefaultNavigationTimeout(PATIENCE_MS);
    this.account = newAccount();
  }

  /**
   * A person with a new browser.
   * @param {Cast} cast
   */
  static async visitor(cast) {
    return new Person(cast, (await cast.visitor()).shop);
  }

  /**
   * The shopper of the story.
   * @param {Cast} cast
   * @param {ConstructorParameters<typeof BarePage>[1]} [options]
   */
  static shopper(cast, options) {
    return new Person(cast, cast.shop, options);
  }

  /**
   * @param {'no session' | 'an anonymous session' | 'signed in'} state
   * @returns {Promise<this>}
   */
  async has(state) {
    await this.open('/?here');
    if (state === 'an anonymous session') await this.startAnonymous();
    if (state === 'signed in') await this.signIn();
    // The callback is handled before anything else happens.
    await this.userId();
    return this;
  }

  async signIn() {
    await this.visitProvider('authenticate', PROVIDER, () => this.pick(this.account));
  }

  /** @returns {Promise<string | null>} */
  async userId() {
    await this.call('userSessionExists');
    return (await this.snapshot()).userIdentity?.userId ?? null;
  }

  /** @returns {Promise<string>} */
  async token() {
    return (await this.call('getToken')).value;
  }

  /** How many identities the user has. An attack that adds one has succeeded. */
  async identities() {
    const { value } = await this.call('getUserProfile');
    return value?.linkedIdentities?.length ?? 0;
  }

  /**
   * Begins a login or link and stays on the page.
   * @param {'authenticate' | 'linkIdentity'} method
   * @param {object} [options]
   * @returns {Promise<{ authenticationUrl: string, authenticationRequestId: string }>}
   */
  async begin(method, options = {}) {
    const connectionId = method === 'authenticate' ? this.shop.stack.shopperConnectionId : PROVIDER;
    const all = { connectionId, redirectUrl: '/?begun', redirectOpenType: 'client-managed', ...options };
    const { value, error } = await this.call(method, all);
    if (!value) throw new Error(`${method} was refused: ${error?.code}`);
    return value;
  }

  /**
   * Opens an address as a link in an e-mail does, or as a page of another site does.
   * @param {string} url
   * @param {'an e-mail' | 'another site'} from
   */
  async follow(url, from) {
    if (from === 'an e-mail') {
      await this.page.goto(url).catch(() => {});
      return;
    }
    const elsewhere = this.shop.stack.topology === 'localhost' ? 'http://evil.example' : 'https://evil.example';
    await this.page.route(`${elsewhere}/`, (route) => route.fulfill({ contentType: 'text/html', body: '<p>Win!' }));
    await this.page.goto(`${elsewhere}/`);
    const left = this.page.waitForEvent('framenavigated', { timeout: SHORT_MS }).catch(() => null);
    await this.page.evaluate((url) => location.assign(url), url).catch(() => {});
    await left;
    await this.page.waitForLoadState().catch(() => {});
  }

  /** Signs in on the provider's page, if the browser is there, and waits until it is elsewhere. */
  async pickIfAsked() {
    const field = this.shop.find('user-other');
    const isAsked = await field.waitFor({ timeout: SHORT_MS }).then(
      () => true,
      () => false,
    );
    if (!isAsked) return false;
    await this.pick(this.account);
    await this.page.waitForURL((url) => !url.pathname.startsWith('/sandbox/provider'), { waitUntil: 'commit' });
    await this.page.waitForLoadState().catch(() => {});
    return true;
  }

  /**
   * Links an identity as a shop that offers it does, as far as client and server allow it.
   * @returns {Promise<string>} the error code, or `''`
   */
  async link() {
    const { value, error } = await this.call('linkIdentity', {
      connectionId: PROVIDER,
      redirectUrl: '/?linked',
      redirectOpenType: 'client-managed',
    });
    if (!value) return error?.code ?? 'none';
    await this.page.goto(value.authenticationUrl, { referer: this.shop.stack.shopUrl }).catch(() => {});
    await this.pickIfAsked();
    return '';
  }

  /**
   * Leaves the page by an action, and waits until the browser is back with a client.
   * @param {() => Promise<unknown>} act
   */
  async leaveAndReturn(act) {
    await this.page.evaluate(() => {
      window.isLeft = true;
    });
    await this.returnAfter(act);
  }

  /**
   * Waits until an action has led the browser to the shop, on a page that `leaveAndReturn` has not marked.
   * @param {() => Promise<unknown>} act
   */
  async returnAfter(act) {
    await act();
    const { origin } = new URL(this.shop.stack.shopUrl);
    await until(async () => {
      if (new URL(await this.page.url()).origin !== origin) return false;
      return await this.page.evaluate(() => !window.isLeft && Boolean(window.login)).catch(() => false);
    }, true);
  }

  /**
   * Goes through a login up to its callback, which the browser does not open.
   * @param {string} authenticationUrl
   */
  async callbackOf(authenticationUrl) {
    const all = await this.page.context().cookies(this.shop.stack.sandboxUrl);
    const cookies = all.map(({ name, value }) => `${name}=${value}`);
    return await callbackOf(this.cast, authenticationUrl, { cookies, account: this.account });
  }
}

/**
 * Goes through a login up to its callback.
 * @param {Cast} cast
 * @param {string} authenticationUrl
 * @param {{ cookies?: string[], account?: string }} [browser] the cookies of the browser that began the login
 * @returns {Promise<URL>}
 */
export async function callbackOf(cast, authenticationUrl, { cookies = [], account = newAccount() } = {}) {
  const { shopUrl } = cast.stack;
  const pairs = [...cookies];
  /** @type {{ url: string, init?: Parameters<typeof send>[2] }} */
  let next = { url: authenticationUrl };
  for (let hops = 0; hops < 8 && !next.url.startsWith(shopUrl); hops += 1) {
    const headers = { cookie: pairs.join('; '), referer: `${shopUrl}/`, accept: 'text/html' };
    const response = await send(cast, next.url, { ...next.init, headers });
    pairs.push(...response.cookies);
    if (response.location) next = { url: response.location };
    else next = { url: next.url, init: { method: 'POST', form: { user: account } } };
  }
  return new URL(next.url);
}

/**
 * The verifier's response to a login that the attacker began: `/login` with a signed statement.
 * @param {Cast} cast
 * @param {string} authenticationUrl
 * @returns {Promise<URL>}
 */
export async function statementFor(cast, authenticationUrl) {
  let url = authenticationUrl;
  while (!url.startsWith(cast.stack.verifierUrl)) {
    const { location } = await send(cast, url, { headers: { referer: `${cast.stack.shopUrl}/` } });
    if (!location) throw new Error('the login does not lead to the verifier');
    url = location;
  }
  const { location } = await send(cast, url, { headers: { accept: 'text/html' } });
  return new URL(location);
}

/**
 * Puts cookies of one browser into another, as a sibling host of the shop can.
 * @param {Person} from
 * @param {Page} page
 * @param {string[]} names
 */
export async function plantCookies(from, page, names) {
  const all = await from.page.context().cookies([from.shop.stack.shopUrl, from.shop.stack.sandboxUrl]);
  const planted = all.filter(({ name }) => names.includes(name));
  for (const { name } of planted) await page.context().clearCookies({ name });
  await page.context().addCookies(
    planted.map(({ name, value, httpOnly }) => ({
      name,
      value,
      httpOnly,
      domain: '.shop.test',
      path: '/',
      secure: true,
      sameSite: /** @type {const} */ ('Strict'),
    })),
  );
}
