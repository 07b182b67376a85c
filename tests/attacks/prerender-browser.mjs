// A Chromium of its own that prerenders pages. Playwright's does not: Chromium prerenders for a page under a developer tool only
// if the tool attaches to the tab, whose page is replaced when the prerendered one is shown.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { disabledFeatures } from '../e2e/support/disabled-features.mjs';
import { ProcessGroup } from '../e2e/support/process-group.mjs';
import { until } from '../e2e/support/until.mjs';

/** @import { StackDescription } from '../e2e/support/stack.mjs' */

/** How long to wait for the response to a command. */
const COMMAND_MS = 15_000;
/** The same while the page of a tab may be replaced: then there is no response. */
const REPLACED_MS = 1_000;

/** The developer tools' protocol over two pipes. */
class Connection extends EventEmitter {
  #toBrowser;
  #last = 0;

  /** @param {import('node:child_process').ChildProcess} browser */
  constructor(browser) {
    super();
    this.setMaxListeners(0);
    const [, , , toBrowser, fromBrowser] = /** @type {any} */ (browser.stdio);
    this.#toBrowser = /** @type {import('node:stream').Writable} */ (toBrowser);
    this.#toBrowser.on('error', () => {});
    let rest = '';
    fromBrowser.setEncoding('utf8');
    fromBrowser.on('data', (/** @type {string} */ text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages.map((text) => JSON.parse(text)))
        this.emit(message.method ?? `${message.id}`, message);
    });
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {string} [sessionId]
   * @param {number} [patienceMs]
   * @returns {Promise<any>}
   */
  async send(method, params = {}, sessionId = undefined, patienceMs = COMMAND_MS) {
    this.#last += 1;
    const response = once(this, `${this.#last}`, { signal: AbortSignal.timeout(patienceMs) });
    this.#toBrowser.write(`${JSON.stringify({ id: this.#last, method, params, sessionId })}\0`);
    const [{ result, error }] = await response;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

/** One tab with the page that it shows, and with the one that it prerenders. */
export class PrerenderingTab {
  #connection;
  /** The session of the page that is shown. */
  #shown = '';
  /**
   * The page that is prerendered.
   * @type {{ sessionId: string, targetId: string } | null}
   */
  #unseen = null;

  /** @param {Connection} connection */
  constructor(connection) {
    this.#connection = connection;
    connection.on('Target.attachedToTarget', ({ params: { sessionId, targetInfo } }) => {
      if (targetInfo.type !== 'page') return;
      if (targetInfo.subtype === 'prerender') this.#unseen = { sessionId, targetId: targetInfo.targetId };
      else this.#shown = sessionId;
    });
    connection.on('Target.targetInfoChanged', ({ params: { targetInfo } }) => {
      const unseen = this.#unseen;
      if (!unseen || targetInfo.subtype || targetInfo.targetId !== unseen.targetId) return;
      // It is shown now.
      this.#shown = unseen.sessionId;
      this.#unseen = null;
    });
  }

  async open() {
    await this.#connection.send('Target.setDiscoverTargets', { discover: true });
    const { targetId } = await this.#connection.send('Target.createTarget', { url: 'about:blank', forTab: true });
    const attached = await this.#connection.send('Target.attachToTarget', { targetId, flatten: true });
    const all = { autoAttach: true, waitForDebuggerOnStart: false, flatten: true };
    await this.#connection.send('Target.setAutoAttach', all, attached.sessionId);
    await until(() => this.#shown !== '', true);
    // The rules are an inline script.
    await this.#connection.send('Page.enable', {}, this.#shown);
    await this.#connection.send('Page.setBypassCSP', { enabled: true }, this.#shown);
  }

  /** @param {string} url */
  async goto(url) {
    await this.#connection.send('Page.navigate', { url }, this.#shown);
    await until(() => this.evaluate('document.readyState === "complete" && location.href !== "about:blank"'), true);
  }

  /**
   * @param {string} expression
   * @returns {Promise<any>} its value, in the page that is shown
   */
  async evaluate(expression) {
    return await this.#evaluateIn(this.#shown, expression);
  }

  /**
   * @param {string} expression
   * @returns {Promise<any>} its value, in the page that is prerendered
   */
  async evaluateUnseen(expression) {
    if (this.#unseen === null) throw new Error('no page is prerendered');
    return await this.#evaluateIn(this.#unseen.sessionId, expression);
  }

  /**
   * @param {string} sessionId
   * @param {string} expression
   * @param {number} [patienceMs]
   */
  async #evaluateIn(sessionId, expression, patienceMs) {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#connection.send(
      'Runtime.evaluate',
      options,
      sessionId,
      patienceMs,
    );
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /**
   * Has the page prerender another one, and waits until that has loaded.
   * @param {string} url
   */
  async prerender(url) {
    const rules = JSON.stringify({ prerender: [{ urls: [url], eagerness: 'immediate' }] });
    await this.evaluate(`{
      const rules = Object.assign(document.createElement('script'), { type: 'speculationrules' });
      rules.textContent = ${JSON.stringify(rules)};
      document.head.append(rules);
    }`);
    await until(() => this.#unseen !== null, true, 'the page is prerendered');
    const state = '[document.prerendering, document.readyState, location.href].join()';
    await until(() => this.evaluateUnseen(state), `true,complete,${url}`);
  }

  /**
   * Follows a link to the page that is prerendered.
   * @param {string} url
   */
  async show(url) {
    await this.evaluate(`void setTimeout(() => location.assign(${JSON.stringify(url)}))`);
    const isShown = 'performance.getEntriesByType("navigation")[0].activationStart > 0';
    const find = () => this.#evaluateIn(this.#shown, isShown, REPLACED_MS).catch(() => false);
    await until(find, true, 'the prerendered page is shown');
  }
}

/**
 * Starts the browser for one attempt.
 * @param {Pick<StackDescription, 'browserArgs'>} stack
 * @param {(tab: PrerenderingTab) => Promise<boolean>} attempt
 */
export async function withPrerendering({ browserArgs }, attempt) {
  const profile = mkdtempSync(join(tmpdir(), 'prerendering-'));
  const browser = spawn(
    process.env.CHROME ?? '/usr/bin/chromium',
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--remote-debugging-pipe',
      disabledFeatures,
      `--user-data-dir=${profile}`,
      ...browserArgs,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  const group = new ProcessGroup(browser.pid ?? 0);
  const ended = once(browser, 'exit');
  try {
    const tab = new PrerenderingTab(new Connection(browser));
    await tab.open();
    return await attempt(tab);
  } finally {
    group.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
