// A WebKitGTK of its own with an empty profile, and its driver: WebDriver knows one session each.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

import { Builder, Capabilities } from 'selenium-webdriver';

import { conditions } from '../../conditions.mjs';
import { DriverFailure } from '../../driver-failure.mjs';
import { CLOSE_MS } from '../../limits.mjs';
import { ProcessGroup } from '../../process-group.mjs';
import { settlesWithin } from '../../watchdog.mjs';

/**
 * @import { ChildProcessByStdio } from 'node:child_process'
 * @import { Readable } from 'node:stream'
 * @import { WebDriver } from 'selenium-webdriver'
 * @import { Watchdog } from '../../watchdog.mjs'
 */

const PAUSE_MS = 20;
/** How long the driver may take to report that it is ready, before it is asked again. */
const STATUS_MS = 5_000;
/** Selenium's errors for a driver that has ended. */
const NO_DRIVER = /\b(ECONNREFUSED|ECONNRESET|EPIPE)\b|socket hang up/;

/** MiniBrowser's error if another process has the port that the driver has chosen for it. The driver never stops waiting. */
const PORT_TAKEN = /Failed to start remote inspector server/;
/** How many drivers are started, each of which chooses another port. */
const MAX_STARTS = 5;
/** Outside of the range that Linux gives to outgoing connections by default. */
const PORTS = { from: 10_000, to: 32_767 };

class PortTaken extends Error {}

/** How many starts may hang before one gets the whole limit. No story has started then, so none is retried. */
const MAX_HANGING_STARTS = 3;
/** The part of the limit that such a start gets. */
const SHARE = 3;

class HangingStart extends Error {}

export class Session {
  #watchdog;
  /** @type {WebDriver | undefined} */
  #driver;
  /** @type {ChildProcessByStdio<null, null, Readable> | undefined} */
  #process;
  /** @type {ProcessGroup | undefined} */
  #group;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();
  #current = '';
  #isClosed = false;

  /** @param {Watchdog} watchdog */
  constructor(watchdog) {
    this.#watchdog = watchdog;
  }

  /**
   * @param {string} proxy the interceptor's address
   * @param {Watchdog} watchdog gets the failures of the browser and its driver
   */
  static async start(proxy, watchdog) {
    assert.ok(process.env.DISPLAY, 'WebKitGTK needs a display: start the tests with xvfb-run -a');
    for (let [starts, hanging] = [1, 0]; ; starts += 1) {
      const session = new Session(watchdog);
      try {
        await session.#start(proxy, hanging < MAX_HANGING_STARTS);
        return session;
      } catch (error) {
        await session.close();
        if (error instanceof HangingStart) {
          hanging += 1;
          console.log(`WebKit is started again: ${error.message}`);
          continue;
        }
        if (error instanceof PortTaken && starts < MAX_STARTS) continue;
        if (error instanceof DriverFailure) throw error;
        throw watchdog.crashed(`WebKit does not start: ${error instanceof Error ? error.message : error}`, error);
      }
    }
  }

  /**
   * @param {string} proxy
   * @param {boolean} mayHang whether the start gets a part of the limit, and may be tried again
   */
  async #start(proxy, mayHang) {
    const watchdog = this.#watchdog;
    const port = await freePort();
    const env = { ...process.env, ...(conditions.webAssembly === 'missing' && { JSC_useWebAssembly: '0' }) };
    const driverProcess = spawn(
      process.env.WEBKIT_DRIVER ?? 'WebKitWebDriver',
      ['--host=127.0.0.1', `--port=${port}`],
      { stdio: ['ignore', 'ignore', 'pipe'], env, detached: true },
    );
    this.#process = driverProcess;
    driverProcess.on('exit', () => this.#isClosed || watchdog.crashed('WebKitWebDriver has ended'));
    /** @type {Promise<never>} */
    const taken = new Promise((_, reject) => {
      driverProcess.stderr.on('data', (text) => {
        if (PORT_TAKEN.test(text)) reject(new PortTaken(`${text}`.trim()));
      });
    });
    taken.catch(() => {});
    await once(driverProcess, 'spawn');
    // The browser goes on without its driver, so they are killed together.
    const group = new ProcessGroup(Number(driverProcess.pid));
    this.#group = group;
    watchdog.onFailure(() => group.kill());

    const url = `http://127.0.0.1:${port}`;
    const limitMs = watchdog.startMs;
    const stop = new AbortController();
    try {
      await watchdog.command('start WebKitWebDriver', () => isReady(url, stop.signal), { limitMs });
    } finally {
      stop.abort();
    }
    const capabilities = new Capabilities({
      browserName: 'MiniBrowser',
      acceptInsecureCerts: true,
      // As an argument, because the driver's own setting has no proxy for all schemes.
      'webkitgtk:browserOptions': { args: ['--automation', `--proxy=socks5://${proxy}`] },
    });
    const build = () => new Builder().usingServer(url).withCapabilities(capabilities).build();
    const startMs = mayHang ? limitMs / SHARE : limitMs;
    const explain = async () => (mayHang ? new HangingStart(`it has not started in ${startMs} ms`) : null);
    const driver = await watchdog.command('start WebKit', () => Promise.race([build(), taken]), {
      limitMs: startMs,
      explain,
    });
    this.#driver = driver;
    // The driver would measure the limit of a script by the page's clock, which stories move.
    await this.#enqueue('set the limits', () => driver.manage().setTimeouts({ script: /** @type {any} */ (null) }));
    this.#current = await this.#enqueue('find the window', () => driver.getWindowHandle());
  }

  /** The window in which the last command ran, the first one at the start. */
  get current() {
    return this.#current;
  }

  /**
   * Runs driver commands in a window, after those that were enqueued before.
   * @template Result
   * @param {string} handle
   * @param {(driver: WebDriver) => Promise<Result>} work
   * @param {string} name for messages
   */
  async in(handle, work, name = 'use a window') {
    return await this.#enqueue(name, async (driver) => {
      if (this.#current !== handle) {
        await driver.switchTo().window(handle);
        this.#current = handle;
      }
      return await work(driver);
    });
  }

  /** Opens another tab and returns its handle. */
  async newTab() {
    return await this.#enqueue('open a tab', async (driver) => {
      await driver.switchTo().newWindow('tab');
      this.#current = await driver.getWindowHandle();
      return this.#current;
    });
  }

  async handles() {
    return await this.#enqueue('list the windows', (driver) => driver.getAllWindowHandles());
  }

  /** Kills the browser and its driver: an empty profile has nothing to write. */
  async close() {
    this.#isClosed = true;
    if (!this.#group || !this.#process) return;
    const { exitCode, signalCode } = this.#process;
    const ended = exitCode ?? signalCode ?? once(this.#process, 'exit');
    this.#group.kill();
    await settlesWithin(CLOSE_MS, Promise.resolve(ended));
  }

  /**
   * Runs one command at a time, since all share the current window.
   * @template Result
   * @param {string} name
   * @param {(driver: WebDriver) => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  #enqueue(name, work) {
    const done = this.#turn.then(() => this.#run(name, work));
    this.#turn = done.catch(() => {});
    return done;
  }

  /**
   * @template Result
   * @param {string} name
   * @param {(driver: WebDriver) => Promise<Result>} work
   */
  async #run(name, work) {
    const driver = this.#driver;
    try {
      if (this.#isClosed || !driver) throw new Error('the browser has been closed');
      return await this.#watchdog.command(name, () => work(driver));
    } catch (error) {
      if (this.#isClosed || !(error instanceof Error)) throw error;
      // The driver forgets a session whose browser has ended.
      if (error.name === 'NoSuchSessionError') throw this.#watchdog.crashed('WebKit has ended by itself', error);
      if (NO_DRIVER.test(error.message)) throw this.#watchdog.crashed('WebKitWebDriver has ended', error);
      throw error;
    }
  }
}

/** A free port of those that the driver may use. */
async function freePort() {
  while (true) {
    const port = randomInt(PORTS.from, PORTS.to + 1);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/**
 * Waits until the driver reports that it is ready.
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function isReady(url, signal) {
  const ask = () => fetch(`${url}/status`, { signal: AbortSignal.any([signal, AbortSignal.timeout(STATUS_MS)]) });
  while (
    !signal.aborted &&
    !(await ask().then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await setTimeout(PAUSE_MS);
}
