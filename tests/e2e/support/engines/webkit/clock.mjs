// A clock for the pages of a WebKit profile that can be moved and stopped.

import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

/** @import { Context } from './context.mjs' */

const {
  outputFiles: [{ text: LIBRARY }],
} = buildSync({
  stdin: {
    contents: `export { install } from '@sinonjs/fake-timers';`,
    resolveDir: fileURLToPath(new URL('.', import.meta.url)),
  },
  bundle: true,
  external: ['util'],
  format: 'iife',
  globalName: 'fakeTimers',
  write: false,
});

/** The same operations as Playwright's clock. */
export class Clock {
  #context;
  #isInstalled = false;
  /** How far the pages' clock is ahead, in milliseconds. */
  #aheadMs = 0;
  /**
   * The time that it shows while it is stopped.
   * @type {number | null}
   */
  #stoppedAt = null;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  async install() {
    if (this.#isInstalled) return;
    this.#isInstalled = true;
    // Each document has a clock of its own, which starts at the time of the others.
    this.#context.interceptor.scripts.unshift(
      () => `(() => { ${LIBRARY}; (${start})(fakeTimers, ${this.#now}, ${this.#isStopped}); })()`,
    );
  }

  /** @param {number} time */
  async setSystemTime(time) {
    await this.install();
    this.#aheadMs = time - Date.now();
    await this.#inPages((now) => window['-clock-']?.setSystemTime(now), time);
  }

  /**
   * Moves the clock forward at once: a timer that is due meanwhile fires once.
   * @param {number} durationMs
   */
  async fastForward(durationMs) {
    this.#aheadMs += durationMs;
    await this.#inPages((milliseconds) => {
      window['-clock-'].jump(milliseconds);
    }, durationMs);
  }

  /** @param {number} time */
  async pauseAt(time) {
    this.#stoppedAt = time;
    await this.#inPages((now) => {
      window['-clock-'].setTickMode({ mode: 'manual' });
      window['-clock-'].jump(now - Date.now());
    }, time);
  }

  /**
   * Lets a stopped clock run for this long.
   * @param {number} durationMs
   */
  async runFor(durationMs) {
    this.#stoppedAt = this.#now + durationMs;
    await this.#inPages(async (milliseconds) => {
      await window['-clock-'].tickAsync(milliseconds);
    }, durationMs);
  }

  get #isStopped() {
    return this.#stoppedAt !== null;
  }

  get #now() {
    return this.#stoppedAt ?? Date.now() + this.#aheadMs;
  }

  /**
   * @param {(value: number) => unknown} call
   * @param {number} value
   */
  async #inPages(call, value) {
    await Promise.all(this.#context.pages().map((page) => page.evaluate(call, value)));
  }
}

/**
 * Runs in pages.
 * @param {{ install: (options: object) => unknown }} fakeTimers
 * @param {number} now
 * @param {boolean} isStopped
 */
function start({ install }, now, isStopped) {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'];
  window['-clock-'] = install({ now, toFake, shouldAdvanceTime: !isStopped });
}
