// A clock for the pages of a WebKit profile that can be moved and stopped.

import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

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
  /** What it shows while it stands still. */
  #stoppedAt = null;

  constructor(context) {
    this.#context = context;
  }

  async install() {
    if (this.#isInstalled) return;
    this.#isInstalled = true;
    // Each document has a clock of its own, which begins where the others are.
    this.#context.gate.scripts.unshift(
      () => `(() => { ${LIBRARY}; (${begin})(fakeTimers, ${this.#now}, ${this.#isStopped}); })()`,
    );
  }

  async setSystemTime(time) {
    await this.install();
    this.#aheadMs = time - Date.now();
    await this.#inPages((time) => window['-clock-']?.setSystemTime(time), time);
  }

  /** Lets this time have passed at once: what was due meanwhile happens once. */
  async fastForward(milliseconds) {
    this.#aheadMs += milliseconds;
    await this.#inPages((milliseconds) => {
      window['-clock-'].jump(milliseconds);
    }, milliseconds);
  }

  async pauseAt(time) {
    this.#stoppedAt = time;
    await this.#inPages((time) => {
      window['-clock-'].setTickMode({ mode: 'manual' });
      window['-clock-'].jump(time - Date.now());
    }, time);
  }

  /** Lets time pass on a clock that stands still. */
  async runFor(milliseconds) {
    this.#stoppedAt += milliseconds;
    await this.#inPages(async (milliseconds) => {
      await window['-clock-'].tickAsync(milliseconds);
    }, milliseconds);
  }

  get #isStopped() {
    return this.#stoppedAt !== null;
  }

  get #now() {
    return this.#stoppedAt ?? Date.now() + this.#aheadMs;
  }

  async #inPages(call, value) {
    await Promise.all(this.#context.pages().map((page) => page.evaluate(call, value)));
  }
}

/** Runs in pages. */
function begin({ install }, now, isStopped) {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'];
  window['-clock-'] = install({ now, toFake, shouldAdvanceTime: !isStopped });
}
