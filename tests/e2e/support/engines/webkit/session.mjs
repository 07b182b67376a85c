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
import { isSettled } from '../../watch.mjs';

const PAUSE_MS = 20;
/** How long the driver may take to say that it is ready, before it is asked again. */
const STATUS_MS = 5_000;
/** What selenium says of a driver that is not there any more. */
const NO_DRIVER = /\b(ECONNREFUSED|ECONNRESET|EPIPE)\b|socket hang up/;

/** What MiniBrowser says if another process has the port that the driver has chosen for it. The driver waits for ever. */
const PORT_TAKEN = /Failed to start remote inspector server/;
/** How many drivers are started, each of which chooses another port. */
const MAX_STARTS = 5;
/** Ports that no outgoing connection gets by itself, on Linux as it is set up. */
const PORTS = { from: 10_000, to: 32_767 };

class PortTaken extends Error {}

/** How many starts may hang before one gets all of the time. No story has begun then, so none has to be retried. */
const MAX_HANGING_STARTS = 3;
/** Which part of the limit of a start such a start gets. */
const SHARE = 3;

class HangingStart extends Error {}

export class Session {
  #watch;
  #driver;
  #process;
  #group;
  #turn = Promise.resolve();
  #current;
  #isClosed = false;

  /**
   * @param proxy the gate's address
   * @param watch learns of failures of the browser and its driver
   */
  static async start(proxy, watch) {
    assert.ok(process.env.DISPLAY, 'WebKitGTK needs a display: start the tests with xvfb-run -a');
    for (let [starts, hanging] = [1, 0]; ; starts += 1) {
      const session = new Session();
      try {
        await session.#start(proxy, watch, hanging < MAX_HANGING_STARTS);
        return session;
      } catch (error) {
        await session.close();
        if (error instanceof HangingStart) {
          hanging += 1;
          console.log(`WebKit is started again: ${error.message}`);
          continue;
        }
        if (error instanceof PortTaken && starts < MAX_STARTS) continue;
        throw error instanceof DriverFailure ? error : watch.crashed(`WebKit does not start: ${error.message}`, error);
      }
    }
  }

  async #start(proxy, watch, mayHang) {
    this.#watch = watch;
    const port = await freePort();
    const env = { ...process.env, ...(conditions.webAssembly === 'missing' && { JSC_useWebAssembly: '0' }) };
    const options = { stdio: ['ignore', 'ignore', 'pipe'], env, detached: true };
    this.#process = spawn(
      process.env.WEBKIT_DRIVER ?? 'WebKitWebDriver',
      ['--host=127.0.0.1', `--port=${port}`],
      options,
    );
    this.#process.on('exit', () => this.#isClosed || watch.crashed('WebKitWebDriver has ended'));
    const taken = new Promise((_, reject) => {
      this.#process.stderr.on('data', (text) => {
        if (PORT_TAKEN.test(text)) reject(new PortTaken(`${text}`.trim()));
      });
    });
    taken.catch(() => {});
    await once(this.#process, 'spawn');
    // The browser goes on without its driver: only together do they end.
    this.#group = new ProcessGroup(this.#process.pid);
    watch.onFailure(() => this.#group.kill());

    const url = `http://127.0.0.1:${port}`;
    const limitMs = watch.startMs;
    const stop = new AbortController();
    try {
      await watch.command('start WebKitWebDriver', () => isReady(url, stop.signal), { limitMs });
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
    this.#driver = await watch.command('start WebKit', () => Promise.race([build(), taken]), {
      limitMs: startMs,
      explain,
    });
    // The driver would measure it by the page's clock, which stories move.
    await this.#after('set the limits', () => this.#driver.manage().setTimeouts({ script: null }));
    this.#current = await this.#after('find the window', () => this.#driver.getWindowHandle());
  }

  /** The window that the session has begun with, or was last in. */
  get current() {
    return this.#current;
  }

  /** Does something in a window, after all that was asked for before. `name` is for messages. */
  async in(handle, work, name = 'use a window') {
    return await this.#after(name, async () => {
      if (this.#current !== handle) {
        await this.#driver.switchTo().window(handle);
        this.#current = handle;
      }
      return await work(this.#driver);
    });
  }

  /** Opens another tab and gives its handle. */
  async newTab() {
    return await this.#after('open a tab', async () => {
      await this.#driver.switchTo().newWindow('tab');
      this.#current = await this.#driver.getWindowHandle();
      return this.#current;
    });
  }

  async handles() {
    return await this.#after('list the windows', () => this.#driver.getAllWindowHandles());
  }

  /** Ends the browser and its driver. Nothing of an empty profile is worth waiting for. */
  async close() {
    this.#isClosed = true;
    if (!this.#group) return;
    const { exitCode, signalCode } = this.#process;
    const ended = exitCode ?? signalCode ?? once(this.#process, 'exit');
    this.#group.kill();
    await isSettled(Promise.resolve(ended), CLOSE_MS);
  }

  /** One command at a time: all of them share the window that is current. */
  #after(name, work) {
    const done = this.#turn.then(() => this.#run(name, work));
    this.#turn = done.catch(() => {});
    return done;
  }

  async #run(name, work) {
    try {
      if (this.#isClosed) throw new Error('the browser has been closed');
      return await this.#watch.command(name, work);
    } catch (error) {
      if (this.#isClosed) throw error;
      // The driver forgets a session whose browser has ended.
      if (error.name === 'NoSuchSessionError') throw this.#watch.crashed('WebKit has ended by itself', error);
      if (NO_DRIVER.test(error.message)) throw this.#watch.crashed('WebKitWebDriver has ended', error);
      throw error;
    }
  }
}

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

/** Waits until the driver says that it is ready. */
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
