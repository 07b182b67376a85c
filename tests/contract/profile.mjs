// A browser profile of a run. It shows pages of its own at the application's redirect URLs and at Authress's host, and it
// stands in for the verifier, so that nothing has to be deployed anywhere.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { workspace } from '../e2e/support/stack.mjs';
import { newUserId, redirect } from './verifier.mjs';

/**
 * @import { BrowserContext, CDPSession, Page, Request, Response } from 'playwright-core'
 * @import { Browser } from '../e2e/support/browser.mjs'
 * @import { Channel, Config } from './channel.mjs'
 * @import { Plan, Verifier, VerifierResponse } from './verifier.mjs'
 */

/**
 * What all profiles of a run share.
 * @typedef {object} Lab
 * @property {Config} config
 * @property {Channel} channel
 * @property {Browser} browser
 * @property {Verifier} verifier
 * @property {string | undefined} managementToken of the service client
 * @property {number} rateLimited how many responses had the status 429
 */

/** @typedef {{ status: number, headers: Record<string, string>, body: string }} Exchange */
/** @typedef {{ url: string, status: number, setCookie: string[] }} Hop */

/**
 * A login or link; see crates/contract/src/facts.rs.
 * @typedef {object} Journey
 * @property {Exchange} start
 * @property {Hop[]} hops
 * @property {string | null} returned
 * @property {string | null} verifierQuery
 * @property {string | null} userId
 */

/** The files of the package, below the page's address. */
const PACKAGE = '/contract-test-package/';
/** A page of this run on Authress's host, whose requests have its origin. */
const OWN_PAGE = '/contract-test-page';

/** How long a login may take to come back. */
const PATIENCE_MS = 15_000;
/** How long the browser may take to report what a page has got in the background. */
const REPORT_PATIENCE_MS = 2_000;
/** The same for a page that shows an error. */
const ERROR_PATIENCE_MS = 300;

const ANOTHER_VERIFIER =
  'no request reached `service_client.authorization_url`: it has to be the Authorization Url of the service client';

export class Profile {
  #lab;
  /** @type {CDPSession | undefined} */
  #session;
  /** @type {Hop[]} */
  #hops = [];
  /** @type {Promise<void>[]} */
  #recording = [];
  /** @type {string | null} */
  #verifierQuery = null;
  /** The address of the request that the page follows in the background. */
  #background = '';
  /** @type {Request | null} */
  #started = null;
  /** Whether pages have the login client. */
  #hasClient = true;

  /**
   * @param {Lab} lab
   * @param {BrowserContext} context
   * @param {Page} page
   * @param {{ url: string, host: string }} place
   */
  constructor(lab, context, page, { url, host }) {
    this.#lab = lab;
    this.context = context;
    this.page = page;
    this.url = url;
    this.host = host;
    this.origin = new URL(url).origin;
  }

  /**
   * @param {Lab} lab
   * @param {{ url?: string, host?: string }} [place] the page and Authress's host
   */
  static async open(lab, { url = lab.config.pageUrl, host = lab.config.authressApiUrl } = {}) {
    const context = await lab.browser.newContext({ viewport: { width: 1000, height: 800 } });
    // Authress may run on this machine, and the pages of this run do not count as being there.
    await context.grantPermissions(['local-network-access']).catch(() => {});
    const profile = new Profile(lab, context, await context.newPage(), { url, host });
    await profile.#prepare();
    return profile;
  }

  async #prepare() {
    this.page.on('response', (response) => this.#recording.push(this.#record(response).catch(() => {})));
    this.page.on('request', (request) => {
      if (this.#isVerifier(request.url())) this.#verifierQuery = new URL(request.url()).search;
      if (isStart(request)) this.#started = request;
    });
    this.#session = await this.context.newCDPSession(this.page);
    // Unlike Playwright's own routes, these also apply to what a redirect leads to.
    this.#session.on('Fetch.requestPaused', (event) => void this.#fulfil(event).catch(() => {}));
    const patterns = [`${this.origin}/*`, `${this.host}${OWN_PAGE}`];
    if (this.#lab.config.verifier === 'browser') patterns.push(`${this.#lab.config.authorizationUrl}*`);
    await this.#session.send('Fetch.enable', { patterns: patterns.map((urlPattern) => ({ urlPattern })) });
  }

  /** @param {string} url */
  #isVerifier(url) {
    const { origin, pathname } = new URL(this.#lab.config.authorizationUrl);
    const other = new URL(url);
    return other.origin === origin && other.pathname === pathname;
  }

  /** @param {{ requestId: string, request: { url: string } }} event */
  async #fulfil({ requestId, request: { url } }) {
    const { status, headers = {}, body = '' } = await this.#responseTo(url);
    await this.#session?.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: status,
      responseHeaders: Object.entries(headers).map(([name, value]) => ({ name, value })),
      body: Buffer.from(body).toString('base64'),
    });
  }

  /**
   * @param {string} text
   * @returns {Promise<VerifierResponse>}
   */
  async #responseTo(text) {
    const url = new URL(text);
    if (this.#isVerifier(text)) return await this.#lab.verifier.respond(url.search);
    if (url.pathname.startsWith(PACKAGE)) {
      const name = url.pathname.slice(PACKAGE.length);
      if (!/^[\w.-]+$/.test(name)) return { status: 404 };
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      return {
        status: 200,
        headers: { 'content-type': type },
        body: await readFile(`${workspace}pkg/dist/${name}`, 'latin1'),
      };
    }
    const headers = { 'content-type': 'text/html', date: new Date().toUTCString() };
    const isOwn = url.origin === this.origin && this.#hasClient;
    return { status: 200, headers, body: `<!doctype html><title>Contract test</title>${isOwn ? this.#script() : ''}` };
  }

  #script() {
    const { applicationId } = this.#lab.config;
    const settings = JSON.stringify({ authressApiUrl: this.host, applicationId });
    return `<script type="module">
      import { LoginClient } from '${PACKAGE}inline.js';
      window.login = new LoginClient(${settings});
    </script>`;
  }

  /** @param {Response} response */
  async #record(response) {
    const request = response.request();
    if (response.status() === 429) this.#lab.rateLimited += 1;
    const isNavigation = request.isNavigationRequest() && request.frame() === this.page.mainFrame();
    if (!isNavigation && (!this.#background || firstOf(request).url() !== this.#background)) return;
    /** @type {Hop} */
    const hop = { url: response.url(), status: response.status(), setCookie: [] };
    this.#hops.push(hop);
    hop.setCookie = setCookies(await response.headersArray());
  }

  /**
   * Opens the page.
   * @param {{ hasClient?: boolean, url?: string }} [options]
   */
  async goto({ hasClient = true, url = this.url } = {}) {
    this.#hasClient = hasClient;
    await this.page.goto(url);
    await this.#isReady();
  }

  /** Reloads the page with the login client. */
  async reloadWithClient() {
    this.#hasClient = true;
    await this.page.waitForLoadState();
    await this.page.reload();
    await this.#isReady();
  }

  async #isReady() {
    if (this.#hasClient) await this.page.waitForFunction(() => window.login);
  }

  /**
   * Calls a method of the login client.
   * @param {string} method
   * @param {...unknown} values
   * @returns {Promise<{ value?: any, code?: string }>}
   */
  async call(method, ...values) {
    return await this.page.evaluate(
      async ({ method, values }) => {
        try {
          return { value: await window.login[method](...values) };
        } catch (error) {
          return { code: String(error.code ?? error.name) };
        }
      },
      { method, values },
    );
  }

  /**
   * Sends a request from the page that is open.
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [init]
   * @returns {Promise<Exchange & { setCookie: string[] }>}
   */
  async fetch(path, init = {}) {
    const url = this.host + path;
    const method = init.method ?? 'GET';
    const seen = this.page
      .waitForResponse((response) => response.url() === url && response.request().method() === method, {
        timeout: PATIENCE_MS,
      })
      .catch(() => null);
    const { status, body } = await this.page.evaluate(
      async ({ url, init }) => {
        try {
          const response = await fetch(url, { credentials: 'include', ...init });
          return { status: response.status, body: await response.text() };
        } catch {
          return { status: 0, body: '' };
        }
      },
      { url, init },
    );
    const response = status ? await seen : null;
    const setCookie = response ? setCookies(await response.headersArray()) : [];
    return { status, body, headers: response ? await response.allHeaders() : {}, setCookie };
  }

  /**
   * Sends a request as a page of Authress's own host would.
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [init]
   */
  async fetchOnHost(path, init = {}) {
    await this.page.goto(this.host + OWN_PAGE);
    return await this.fetch(path, init);
  }

  /**
   * Starts a login or link and follows it until the browser is back at the page or stays elsewhere.
   * @param {object} [options]
   * @param {'authenticate' | 'linkIdentity'} [options.method]
   * @param {object} [options.request] the client's options, besides the redirect URL
   * @param {string} [options.redirectUrl]
   * @param {{ userId?: string, ageSeconds?: number, lifetimeSeconds?: number }} [options.statement]
   * @param {Plan} [options.plan] how the verifier responds, instead of with a statement
   * @param {boolean} [options.startsOnly]
   * @param {boolean} [options.inBackground] whether the page follows it by `fetch`, and stays
   * @param {() => Promise<unknown>} [options.act] what happens after the browser has left
   * @returns {Promise<Journey>}
   */
  async travel({
    method = 'authenticate',
    request = { connectionId: this.#lab.config.serviceClientId },
    redirectUrl = this.url,
    statement = {},
    plan,
    startsOnly = false,
    inBackground = false,
    act,
  } = {}) {
    const userId = this.#lab.config.verifier === 'deployed' ? null : (statement.userId ?? newUserId());
    const sign = async (/** @type {URLSearchParams} */ parameters) =>
      redirect(await this.#lab.verifier.sign(parameters, { ...statement, userId: userId ?? undefined }));
    const start = await this.#begin(method, { ...request, redirectUrl, redirectOpenType: 'client-managed' });
    this.#hops = [];
    this.#verifierQuery = null;
    const { authenticationUrl } = start.status < 300 ? JSON.parse(start.body) : {};
    if (authenticationUrl && !startsOnly) {
      this.#hasClient = false;
      this.#lab.verifier.expect(plan ?? sign);
      if (inBackground) await this.#followInBackground(authenticationUrl);
      else {
        // A redirect to an address that the browser does not open is an end like any other.
        await this.page.goto(authenticationUrl, { referer: this.url }).catch(() => {});
        await act?.();
        await this.#settles();
      }
    }
    if (authenticationUrl && !startsOnly && 'connectionId' in request) {
      const isAnonymous = request.connectionId === this.#lab.config.serviceClientId;
      if (isAnonymous && !this.#verifierQuery) throw new Error(ANOTHER_VERIFIER);
    }
    return { ...(await this.#journey(start)), verifierQuery: this.#verifierQuery, userId: plan ? null : userId };
  }

  /**
   * Has the page follow a login by a request whose response it cannot read.
   * @param {string} url
   */
  async #followInBackground(url) {
    this.#background = url;
    await this.page.evaluate(async (url) => {
      // A redirect to an address that a page may not request is an end like any other.
      await fetch(url, { mode: 'no-cors', credentials: 'include' }).catch(() => {});
    }, url);
    const end = Date.now() + REPORT_PATIENCE_MS;
    const hasEnded = () => this.#hops.some(({ url, status }) => url.startsWith(`${this.origin}/`) || status >= 400);
    while (!hasEnded() && Date.now() < end) await setTimeout(50);
  }

  /** @returns {Promise<string[]>} the names of the cookies that scripts of the page can read */
  async readableCookies() {
    return await this.page.evaluate(() => document.cookie.split('; ').map((cookie) => cookie.split('=')[0]));
  }

  /**
   * What the browser has done since the start.
   * @param {Exchange} start
   * @returns {Promise<Journey>}
   */
  async #journey(start) {
    await Promise.all(this.#recording.splice(0));
    const isPage = ({ url = '' }) => url.startsWith(`${this.origin}/`);
    const returned = this.#hops.find(isPage)?.url ?? null;
    const hops = this.#hops.filter((hop) => !isPage(hop));
    return { start, hops, returned, verifierQuery: null, userId: null };
  }

  /**
   * Continues a login at this address, as the browser does with the response of the verifier.
   * @param {string} url
   * @param {Exchange} start
   * @returns {Promise<Journey>}
   */
  async follow(url, start) {
    this.#hops = [];
    this.#hasClient = false;
    await this.page.goto(url).catch(() => {});
    await this.#settles();
    return await this.#journey(start);
  }

  /**
   * Has the login client send the first request.
   * @param {string} method
   * @param {object} options
   * @returns {Promise<Exchange>}
   */
  async #begin(method, options) {
    this.#started = null;
    const { code } = await this.call(method, options);
    const request = /** @type {Request | null} */ (this.#started);
    const response = await request?.response();
    if (!response) throw new Error(`the login client sent no request (${code ?? 'without an error'})`);
    return { status: response.status(), headers: await response.allHeaders(), body: await response.text() };
  }

  /** The body of the last request that started a login. */
  get startedBody() {
    return this.#started?.postData() ?? '';
  }

  /** Waits until the browser is back at the page, or long enough. */
  async #settles() {
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      if (this.page.url().startsWith(this.origin)) return;
      const { status = 0 } = this.#hops.at(-1) ?? {};
      if (status >= 400) await setTimeout(ERROR_PATIENCE_MS);
      if (status >= 400 && !this.page.url().startsWith(this.origin)) return;
      await setTimeout(50);
    }
  }

  /** Ends the session, if there is one, and closes the profile. */
  async close() {
    const signOut = async () => {
      await this.goto({ hasClient: false });
      await this.fetch('/api/session', { method: 'DELETE' });
    };
    await signOut().catch(() => {});
    await this.context.close();
  }
}

/**
 * The request that the redirects to this one began with.
 * @param {Request} request
 * @returns {Request}
 */
function firstOf(request) {
  const previous = request.redirectedFrom();
  return previous ? firstOf(previous) : request;
}

/** @param {Request} request */
const isStart = (request) => request.method() === 'POST' && new URL(request.url()).pathname === '/api/authentication';

/** @param {{ name: string, value: string }[]} headers */
function setCookies(headers) {
  // One entry of Chromium may have several lines.
  return headers.filter(({ name }) => name.toLowerCase() === 'set-cookie').flatMap(({ value }) => value.split('\n'));
}
