// Retries a story after a failure of the browser or its driver, with new servers and a new browser, and counts that.
//
// A failed check is never retried.

import { AsyncLocalStorage } from 'node:async_hooks';
import { after } from 'node:test';

import { END_MS, MAX_RETRIES } from './limits.mjs';
import { isSettled } from './watch.mjs';

/** What an attempt gives that has only found out that the story cannot run here. */
export const SKIPPED = Symbol('skipped');

/** The attempt that a promise was made in: `{watch, fail, isOver}`. */
const running = new AsyncLocalStorage();
let isFiltered = false;

/** The stories of this process. */
const count = { run: 0, retried: 0 };

/** What `cargo xtask test` reads: a line for each file of stories. */
export function reportCount(engine) {
  after(() => console.log(`stories in ${engine}: ${count.run} run, ${count.retried} retried`));
}

/**
 * Runs an attempt. A failure that it does not wait for fails it, unless the browser failed before: then it is a
 * consequence. Node would take it as a failure of the story, which by then is in its next attempt.
 */
async function runIn(watch, attempt) {
  if (!isFiltered) {
    isFiltered = true;
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason, promise) => {
      const origin = running.getStore();
      if (origin?.watch.failure) return;
      if (origin && !origin.isOver) return origin.fail(reason);
      if (listeners.length === 0) throw reason;
      for (const listener of listeners) listener.call(process, reason, promise);
    });
  }
  const origin = { watch, isOver: false };
  const unwatched = new Promise((_, reject) => {
    origin.fail = reject;
  });
  try {
    return await watch.attempt(() => Promise.race([running.run(origin, attempt), unwatched]));
  } finally {
    origin.isOver = true;
  }
}

/** The servers and the browser of a block of stories, which are replaced after every failure. */
export class Environment {
  #open;
  #close;
  #current = null;

  /**
   * @param open starts everything: adds `watch` to what it is given, and then what it starts
   * @param close ends what `open` has started, also if it has not finished
   */
  constructor({ open, close }) {
    this.#open = open;
    this.#close = close;
  }

  async close() {
    const current = this.#current;
    this.#current = null;
    if (current) await this.#close(current);
  }

  /**
   * Runs a story.
   * @param attempt the story, with what `open` has started
   * @param end ends what the story has begun, with whether a check failed
   * @param report gets a sentence for each retry
   */
  async run({ attempt, end = async () => {} }, report = () => {}) {
    for (let failures = 0; ; failures += 1) {
      const { error, failure, isSkipped } = await this.#attempt(attempt, end, report);
      if (failures === 0 && !isSkipped) count.run += 1;
      if (!failure && !error) return;
      if (!failure) throw error;
      if (failures === 0) count.retried += 1;
      if (failures === MAX_RETRIES) throw failure;
      report(`retried from the start: ${failure.message}`);
    }
  }

  /** Gives `{error}` if a check failed, `{failure}` if the browser or its driver did, else `{isSkipped}`. */
  async #attempt(attempt, end, report) {
    let isSkipped;
    try {
      await this.#ensureOpen();
      isSkipped = SKIPPED === (await runIn(this.#current.watch, () => attempt(this.#current)));
    } catch (error) {
      // Decided now: a browser that hangs while a failed story is cleaned up makes it no better.
      const failure = this.#current?.watch?.failure;
      const result = failure ? { failure } : { error };
      const isEnded = await isSettled(Promise.resolve(this.#current && end(this.#current, !failure)), END_MS);
      if (!isEnded) report(`what the story has begun has not ended after ${END_MS} ms`);
      // The servers know half of the story, and the story may go on in the browser.
      await this.close().catch(({ message }) => report(message));
      return result;
    }
    try {
      await end(this.#current, false);
      if (this.#current.watch.failure) report(`passed, and then: ${this.#current.watch.failure.message}`);
      return { isSkipped };
    } catch (error) {
      return { error };
    }
  }

  async #ensureOpen() {
    // Between two stories too a browser can end.
    if (this.#current?.watch.failure) await this.close();
    if (this.#current) return;
    const opened = {};
    this.#current = opened;
    try {
      await this.#open(opened);
    } catch (error) {
      // The caller looks at the failure first.
      if (!opened.watch?.failure) await this.close();
      throw error;
    }
  }
}
