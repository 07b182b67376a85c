// A shopper with a fresh browser profile, on a device and network of the given speed.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
/** How long the browser's own work for a new window goes on beside the page, in milliseconds. */
const SETTLING_MS = 250;
/** How long a shopper reads a page before a press, in milliseconds: the page is idle then. */
const READING_MS = 1_000;
/** Milliseconds and bytes per second. */
const PHONE = { offline: false, latency: 60, downloadThroughput: 9_000_000 / 8, uploadThroughput: 9_000_000 / 8 };

/** The devices and networks that are measured, by their names in the report. */
const CONDITIONS = {
  '1x': { cpu: 1 },
  '4x': { cpu: 4 },
  '4x, phone network': { cpu: 4, network: PHONE },
};

/**
 * @import { AuthenticateOptions } from 'authress-login-wasm'
 * @import { BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core'
 * @import { Bench } from './bench.mjs'
 * @import { ClientName } from './pages.mjs'
 */

/** @typedef {keyof typeof CONDITIONS} Condition */

export const CONDITION_NAMES = /** @type {Condition[]} */ (Object.keys(CONDITIONS));

/**
 * How much slower than this machine, and behind which network.
 * @typedef {{ cpu: number, network?: typeof PHONE }} Device
 */

/**
 * The state of a profile that has visited before.
 * @typedef {Awaited<ReturnType<BrowserContext['storageState']>>} StorageState
 */

/**
 * Times in milliseconds: since this page and since the first page of the visit began to load, and since the shopper's press;
 * whether there is a token or a session.
 * @typedef {object} Success
 * @property {number} at
 * @property {number} sinceBegan
 * @property {number} sincePress
 * @property {boolean} [token]
 * @property {boolean} [exists]
 * @property {undefined} [failure]
 */

/**
 * What `page.js` reports.
 * @typedef {Success | { failure: string }} Outcome
 */

/** @typedef {{ start: number, end: number, bytes: number, transferred: number }} ResourceTimes */

/** @typedef {{ page: Page, cdp: CDPSession }} Tab */

export class Shopper {
  #bench;
  #client;
  #context;
  #device;
  #tab;
  /** @type {((outcome: Outcome) => void) | undefined} */
  #resolveOutcome;

  /**
   * @param {Bench} bench
   * @param {ClientName} client
   * @param {BrowserContext} context
   * @param {Device} device
   * @param {Tab} tab of this context, on this device
   */
  constructor(bench, client, context, device, tab) {
    this.#bench = bench;
    this.#client = client;
    this.#context = context;
    this.#device = device;
    this.#tab = tab;
  }

  /**
   * @param {Bench} bench
   * @param {ClientName} client
   * @param {Condition} condition
   * @param {StorageState} [storageState] of an earlier visit
   */
  static async arrive(bench, client, condition, storageState) {
    const context = await bench.browser.newContext({ storageState });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.exposeBinding('reportOutcome', (_, outcome) => shopper.#resolveOutcome?.(outcome));
    const device = CONDITIONS[condition];
    const shopper = new Shopper(bench, client, context, device, await openTab(context, device));
    return shopper;
  }

  /** Closes the tab and opens another: what the old one's process kept in its own memory is gone. */
  async newTab() {
    await this.page.close();
    this.#tab = await openTab(this.#context, this.#device);
  }

  get page() {
    return this.#tab.page;
  }

  get cdp() {
    return this.#tab.cdp;
  }

  async leave() {
    await this.#context.close();
  }

  get origin() {
    return this.#bench.stack.shopUrl;
  }

  async storageState() {
    return this.#context.storageState();
  }

  /**
   * Opens a page and waits for its outcome.
   * @param {string} task of `page.js`
   * @param {string} [search] the query of the page's URL
   * @returns {Promise<Success>}
   */
  async open(task, search = '') {
    const address = `${this.origin}/${this.#client}/${task}${search}`;
    return this.#outcomeOf(task, () => this.page.goto(address, { waitUntil: 'commit' }));
  }

  /**
   * Opens a page, reads it until it is idle, and presses.
   * @param {'press' | 'press-stay'} task
   * @returns {Promise<Success>} the outcome of the press, also if the browser leaves the page for it
   */
  async press(task) {
    const { exists } = await this.open(task);
    assert.equal(exists, false);
    await pause(READING_MS);
    return this.#outcomeOf(task, () =>
      this.page.evaluate(() => {
        setTimeout(window.press);
      }),
    );
  }

  /**
   * Does something and waits for the outcome that the page reports.
   * @param {string} task
   * @param {() => Promise<unknown>} act
   * @returns {Promise<Success>}
   */
  async #outcomeOf(task, act) {
    /** @type {Promise<Outcome>} */
    const reported = new Promise((resolve) => {
      this.#resolveOutcome = resolve;
    });
    await act();
    const timeout = () => this.#resolveOutcome?.({ failure: `no outcome within ${PATIENCE_MS} ms` });
    const timer = setTimeout(timeout, PATIENCE_MS);
    const outcome = await reported;
    clearTimeout(timer);
    assert.equal(outcome.failure, undefined, `${this.#client} on /${task}`);
    return /** @type {Success} */ (outcome);
  }

  /**
   * When what happened on this page, in milliseconds since the navigation began.
   * @returns {Promise<{ ran: number, script: ResourceTimes, module?: ResourceTimes, requests: ResourceTimes[] }>}
   */
  async timeline() {
    return this.page.evaluate(() => {
      /** @type {(part: string) => PerformanceEntry | undefined} */
      const entry = (part) => performance.getEntriesByType('resource').find(({ name }) => name.includes(part));
      /** @type {(entry: any) => ResourceTimes} */
      const times = (it) =>
        it && { start: it.startTime, end: it.responseEnd, bytes: it.encodedBodySize, transferred: it.transferSize };
      return {
        ran: performance.getEntriesByName('script')[0].startTime,
        script: times(entry('/page.js')),
        module: times(entry('.wasm')),
        requests: performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.includes('/api/'))
          .map((it) => times(it)),
      };
    });
  }

  /** How long this page's thread takes for a fixed piece of work, in milliseconds: shows whether it is slowed down. */
  async pace() {
    return this.page.evaluate(() => {
      let best = Infinity;
      for (let round = 0; round < 3; round += 1) {
        const start = performance.now();
        let sum = 0;
        for (let i = 0; i < 4_000_000; i += 1) sum = (sum * 31 + i) | 0;
        best = Math.min(best, performance.now() - start + (sum === 0.5 ? 1 : 0));
      }
      return best;
    });
  }

  /**
   * Calls `authenticate` repeatedly and records when each POST is handed to the browser; none of them gets a response.
   * @param {number} times
   * @param {AuthenticateOptions} options
   * @returns {Promise<{ call: number[], search: number[] }>} milliseconds to the POST, from each call and
   * from when its randomness was drawn, after which both clients search a hash, write the request and do nothing else
   */
  async starts(times, options) {
    return this.page.evaluate(
      async ([times, options]) => {
        const { fetch } = window;
        const { getRandomValues } = crypto;
        /** @type {{ call: number[], search: number[] }} */
        const durations = { call: [], search: [] };
        for (let i = 0; i < times; i += 1) {
          /** @type {(at: number) => void} */
          let sent = () => {};
          /** @type {Promise<number>} */
          const isSent = new Promise((resolve) => {
            sent = resolve;
          });
          let drawnAt = NaN;
          crypto.getRandomValues = (values) => {
            const filled = /** @type {typeof values} */ (getRandomValues.call(crypto, values));
            drawnAt = performance.now();
            return filled;
          };
          window.fetch = (input, init) => {
            if (!String(input).includes('/api/')) return fetch(input, init); // The module.
            sent(performance.now());
            return new Promise(() => {});
          };
          // As a press of a button would come: from a task of its own.
          await new Promise((resolve) => {
            setTimeout(resolve, 20);
          });
          const start = performance.now();
          // Each press is another one: the same once more would share the login that is under way.
          window.login
            .authenticate({ ...options, redirectUrl: `${location.origin}${location.pathname}?press=${i}` })
            .catch(() => {});
          const sentAt = await isSent;
          durations.call.push(sentAt - start);
          durations.search.push(sentAt - drawnAt);
        }
        window.fetch = fetch;
        delete (/** @type {Partial<Crypto>} */ (crypto).getRandomValues);
        return durations;
      },
      /** @type {const} */ ([times, options]),
    );
  }

  /**
   * Begins a login and completes it without the browser.
   * @param {AuthenticateOptions} options
   * @returns {Promise<string>} the query of the callback URL
   */
  async loginWithoutBrowser(options) {
    const authenticationUrl = await this.page.evaluate(async (options) => {
      const real = window.fetch;
      let url = '';
      // The client leaves a login page on the page's own host to the page: so the browser stays.
      window.fetch = async (...request) => {
        const response = await real(...request);
        if (!response.url.includes('/api/')) return response;
        const body = await response.json();
        url = body.authenticationUrl;
        return Response.json({ ...body, authenticationUrl: `${location.origin}/elsewhere` });
      };
      await window.login.authenticate(options);
      window.fetch = real;
      return url;
    }, options);
    const { sandboxUrl, sandboxControlUrl, verifierUrl, verifierInternalUrl, shopUrl } = this.#bench.stack;
    let next = authenticationUrl;
    while (!next.startsWith(shopUrl)) {
      next = await redirectOf(next.replace(sandboxUrl, sandboxControlUrl).replace(verifierUrl, verifierInternalUrl));
    }
    return new URL(next).search;
  }
}

/**
 * Opens a tab that is as slow as the device.
 * @param {BrowserContext} context
 * @param {Device} device
 * @returns {Promise<Tab>}
 */
async function openTab(context, { cpu, network }) {
  const page = await context.newPage();
  // There are no workers and no frames: all that is to be slow belongs to this target.
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  if (network) await cdp.send('Network.emulateNetworkConditions', network);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  await pause(SETTLING_MS);
  return { page, cdp };
}

/**
 * The `Location` of a redirect. Not by `fetch`, whose Fetch Metadata says that it is no navigation: the verifier rejects it.
 * @param {string} address
 * @returns {Promise<string>}
 */
async function redirectOf(address) {
  const { headers } = await new Promise((resolve, reject) => {
    get(address, { agent: false }, (response) => resolve(response.resume())).on('error', reject);
  });
  assert.ok(headers.location, `${address} does not redirect`);
  return headers.location;
}
