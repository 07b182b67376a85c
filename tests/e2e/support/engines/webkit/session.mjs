// A WebKitGTK of its own with an empty profile, and its driver: WebDriver knows one session each.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

import { Builder, Capabilities } from 'selenium-webdriver';

import { conditions } from '../../conditions.mjs';
import { BrowserCrash } from '../crash.mjs';

const START_MS = 20_000;
/** The longest that a command may take; loads of pages do not come near it. */
const ANSWER_MS = 45_000;

export class Session {
  #driver;
  #process;
  #turn = Promise.resolve();
  #current;

  static async start(proxy) {
    assert.ok(process.env.DISPLAY, 'WebKitGTK needs a display: start the tests with xvfb-run -a');
    const session = new Session();
    const port = await freePort();
    const driver = [process.env.WEBKIT_DRIVER ?? 'WebKitWebDriver', '--host=127.0.0.1', `--port=${port}`];
    // It ends with this process, however that ends, and the browser with it.
    const env = { ...process.env, ...(conditions.webAssembly === 'missing' && { JSC_useWebAssembly: '0' }) };
    session.#process = spawn('setpriv', ['--pdeathsig=KILL', ...driver], { stdio: 'ignore', env });
    const url = `http://127.0.0.1:${port}`;
    await answers(url);
    const capabilities = new Capabilities({
      browserName: 'MiniBrowser',
      acceptInsecureCerts: true,
      // As an argument, because the driver's own setting has no proxy for all schemes.
      'webkitgtk:browserOptions': { args: ['--automation', `--proxy=socks5://${proxy}`] },
    });
    session.#driver = await new Builder().usingServer(url).withCapabilities(capabilities).build();
    // The driver would measure it by the page's clock, which stories move.
    await session.#driver.manage().setTimeouts({ script: null });
    session.#current = await session.#driver.getWindowHandle();
    return session;
  }

  /** The window that the session has begun with, or was last in. */
  get current() {
    return this.#current;
  }

  /** Does something in a window, after all that was asked for before. */
  async in(handle, work) {
    return await this.#after(async () => {
      if (this.#current !== handle) {
        await this.#driver.switchTo().window(handle);
        this.#current = handle;
      }
      return await work(this.#driver);
    });
  }

  /** Opens another tab and gives its handle. */
  async newTab() {
    return await this.#after(async () => {
      await this.#driver.switchTo().newWindow('tab');
      this.#current = await this.#driver.getWindowHandle();
      return this.#current;
    });
  }

  async handles() {
    return await this.#after(() => this.#driver.getAllWindowHandles());
  }

  async close() {
    await this.#after(() => this.#driver.quit()).catch((error) => {
      if (!(error instanceof BrowserCrash)) throw error;
    });
    const { exitCode, signalCode } = this.#process;
    const ended = exitCode ?? signalCode ?? once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }

  /** One command at a time: all of them share the window that is current. */
  #after(work) {
    const done = this.#turn.then(() => this.#answerOf(work));
    this.#turn = done.catch(() => {});
    return done;
  }

  async #answerOf(work) {
    if (this.#process.killed) throw new BrowserCrash('WebKit is gone');
    const stop = new AbortController();
    const late = setTimeout(ANSWER_MS, 'late', { signal: stop.signal }).catch(() => {});
    try {
      const answer = work();
      if ((await Promise.race([answer, late])) === 'late') {
        answer.catch(() => {});
        this.#process.kill('SIGKILL');
        throw new BrowserCrash(`WebKit has not answered for ${ANSWER_MS} ms`);
      }
      return await answer;
    } catch (error) {
      // The driver forgets a session whose browser has ended.
      throw error.name === 'NoSuchSessionError' ? new BrowserCrash('WebKit has ended by itself', { cause: error }) : error;
    } finally {
      stop.abort();
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url) {
  const end = Date.now() + START_MS;
  while (!(await fetch(`${url}/status`).then(({ ok }) => ok, () => false))) {
    assert.ok(Date.now() < end, 'WebKitWebDriver does not start');
    await setTimeout(20);
  }
}
