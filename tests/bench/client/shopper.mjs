// A shopper with a fresh browser profile, on a device and network of the given speed.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
/** How long the browser's own work for a new window goes on beside the page, in milliseconds. */
const SETTLING_MS = 250;
/** Milliseconds and bytes per second. */
const PHONE = { offline: false, latency: 60, downloadThroughput: 9_000_000 / 8, uploadThroughput: 9_000_000 / 8 };

/** The devices and networks that are measured, by their names in the report. */
export const CONDITIONS = {
  '1x': { cpu: 1 },
  '4x': { cpu: 4 },
  '4x, phone network': { cpu: 4, network: PHONE },
};

export class Shopper {
  #bench;
  #client;
  #context;
  #condition;
  #resolveOutcome;

  /** @param bench `{browser, stack}` @param client its name @param storageState of an earlier visit */
  static async arrive(bench, client, condition, storageState) {
    const shopper = new Shopper();
    shopper.#bench = bench;
    shopper.#client = client;
    shopper.#context = await bench.browser.newContext({ storageState });
    shopper.#context.setDefaultTimeout(PATIENCE_MS);
    await shopper.#context.exposeBinding('reportOutcome', (_, outcome) => shopper.#resolveOutcome?.(outcome));
    shopper.#condition = CONDITIONS[condition];
    await shopper.newTab();
    return shopper;
  }

  /** Closes the tab and opens another: what the old one's process kept in its own memory is gone. */
  async newTab() {
    await this.page?.close();
    this.page = await this.#context.newPage();
    // There are no workers and no frames: all that is to be slow belongs to this target.
    this.cdp = await this.#context.newCDPSession(this.page);
    const { cpu, network } = this.#condition;
    await this.cdp.send('Network.enable');
    if (network) await this.cdp.send('Network.emulateNetworkConditions', network);
    await this.cdp.send('Emulation.setCPUThrottlingRate', { rate: cpu });
    await pause(SETTLING_MS);
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

  /** Opens a page and waits for its outcome. */
  async open(task, search = '') {
    const reported = new Promise((resolve) => {
      this.#resolveOutcome = resolve;
    });
    await this.page.goto(`${this.origin}/${this.#client}/${task}${search}`, { waitUntil: 'commit' });
    const timeout = () => this.#resolveOutcome({ failure: `no outcome within ${PATIENCE_MS} ms` });
    const timer = setTimeout(timeout, PATIENCE_MS);
    const outcome = await reported;
    clearTimeout(timer);
    assert.equal(outcome.failure, undefined, `${this.#client} on /${task}`);
    return outcome;
  }

  /** When what happened on this page, in milliseconds since the navigation began. */
  async timeline() {
    return this.page.evaluate(() => {
      const entry = (part) => performance.getEntriesByType('resource').find(({ name }) => name.includes(part));
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
   * @returns `{call, search}`: milliseconds to the POST, from each call and from when its randomness was drawn, after
   * which both clients search a hash, write the request and do nothing else
   */
  async starts(times, options) {
    return this.page.evaluate(
      async ([times, options]) => {
        const { fetch } = window;
        const { getRandomValues } = crypto;
        const durations = { call: [], search: [] };
        for (let i = 0; i < times; i += 1) {
          let sent;
          const isSent = new Promise((resolve) => {
            sent = resolve;
          });
          let drawnAt;
          crypto.getRandomValues = (values) => {
            const filled = getRandomValues.call(crypto, values);
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
        delete crypto.getRandomValues;
        return durations;
      },
      [times, options],
    );
  }

  /** Begins a login and completes it without the browser. @returns the query of the callback URL */
  async loginWithoutBrowser(options) {
    const authenticationUrl = await this.page.evaluate(async (options) => {
      const real = window.fetch;
      let url;
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
    const { sandboxUrl, sandboxControlUrl, shopUrl } = this.#bench.stack;
    let next = authenticationUrl;
    while (!next.startsWith(shopUrl)) {
      next = await redirectOf(next.replace(sandboxUrl, sandboxControlUrl));
    }
    return new URL(next).search;
  }
}

/** The `Location` of a redirect. Not by `fetch`, whose Fetch Metadata says that it is no navigation: the verifier rejects it. */
async function redirectOf(address) {
  const { headers } = await new Promise((resolve, reject) => {
    get(address, { agent: false }, (response) => resolve(response.resume())).on('error', reject);
  });
  assert.ok(headers.location, `${address} does not redirect`);
  return headers.location;
}
