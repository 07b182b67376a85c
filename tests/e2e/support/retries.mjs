// Retries a story after a failure of the browser or its driver, with new servers and a new browser, and counts retries.
//
// A failed check is never retried.

import { AsyncLocalStorage } from 'node:async_hooks';
import { after } from 'node:test';

import { CLEANUP_MS, MAX_RETRIES } from './limits.mjs';
import { settlesWithin } from './watchdog.mjs';

/** @import { Watchdog } from './watchdog.mjs' */

/** The result of an attempt that has only found out that the story cannot run here. */
export const SKIPPED = Symbol('skipped');

/**
 * The attempt in which a promise was created.
 * @typedef {{ watchdog: Watchdog, fail: (reason: unknown) => void, isOver: boolean }} Attempt
 */

/** @type {AsyncLocalStorage<Attempt>} */
const currentAttempt = new AsyncLocalStorage();
let handlesRejections = false;

/** The stories of this process. */
const count = { run: 0, retried: 0 };

/**
 * Prints a line for each file of stories, which `cargo xtask test` reads.
 * @param {string} engine
 */
export function reportCount(engine) {
  after(() => console.log(`stories in ${engine}: ${count.run} run, ${count.retried} retried`));
}

/**
 * Attributes an unhandled rejection to its attempt, which it fails, unless the browser failed before: then it is a
 * consequence. Node would attribute it to the story, which by then is in its next attempt.
 */
function handleRejections() {
  if (handlesRejections) return;
  handlesRejections = true;
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason, promise) => {
    const attempt = currentAttempt.getStore();
    if (attempt?.watchdog.failure) return;
    if (attempt && !attempt.isOver) {
      attempt.fail(reason);
      return;
    }
    if (listeners.length === 0) throw reason;
    for (const listener of listeners) listener.call(process, reason, promise);
  });
}

/**
 * Runs an attempt, which fails with a rejection that it does not wait for.
 * @template Result
 * @param {Watchdog} watchdog
 * @param {() => Promise<Result>} run
 */
async function runAttempt(watchdog, run) {
  handleRejections();
  /** @type {Attempt} */
  const attempt = { watchdog, fail: () => {}, isOver: false };
  const rejected = new Promise((_, reject) => {
    attempt.fail = reject;
  });
  try {
    return await watchdog.attempt(() => Promise.race([currentAttempt.run(attempt, run), rejected]));
  } finally {
    attempt.isOver = true;
  }
}

/**
 * The servers and the browser of a block of stories, which are replaced after every failure.
 * @template {{ watchdog: Watchdog }} Resources what `open` starts
 */
export class Environment {
  #open;
  #close;
  /** @type {Resources | null} */
  #current = null;

  /**
   * @param {object} functions
   * @param {(resources: Resources) => Promise<void>} functions.open starts everything: adds `watchdog` to the resources,
   * then what it starts
   * @param {(resources: Resources) => Promise<void>} functions.close ends what `open` has started, also if it has not
   * finished
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
   * @param {object} story
   * @param {(resources: Resources) => Promise<unknown>} story.attempt
   * @param {(resources: Resources, isFailed: boolean) => Promise<void>} [story.cleanUp] ends what the attempt has started;
   * gets whether a check failed
   * @param {(sentence: string) => void} [report] gets a sentence for each retry
   */
  async run({ attempt, cleanUp = async () => {} }, report = () => {}) {
    for (let failures = 0; ; failures += 1) {
      const { error, failure, isSkipped } = await this.#attempt(attempt, cleanUp, report);
      if (failures === 0 && !isSkipped) count.run += 1;
      if (!failure && !error) return;
      if (!failure) throw error;
      if (failures === 0) count.retried += 1;
      if (failures === MAX_RETRIES) throw failure;
      report(`retried from the start: ${failure.message}`);
    }
  }

  /**
   * @param {(resources: Resources) => Promise<unknown>} attempt
   * @param {(resources: Resources, isFailed: boolean) => Promise<void>} cleanUp
   * @param {(sentence: string) => void} report
   * @returns {Promise<{ error?: unknown, failure?: Error, isSkipped?: boolean }>} `error` if a check failed, `failure` if
   * the browser or its driver did
   */
  async #attempt(attempt, cleanUp, report) {
    let resources;
    let isSkipped;
    try {
      resources = await this.#ensureOpen();
      const opened = resources;
      isSkipped = SKIPPED === (await runAttempt(opened.watchdog, () => attempt(opened)));
    } catch (error) {
      // Decided now: a browser that hangs during the cleanup does not excuse a failed story.
      resources ??= this.#current;
      const failure = resources?.watchdog?.failure;
      const result = failure ? { failure } : { error };
      const cleanedUp = resources ? cleanUp(resources, !failure) : Promise.resolve();
      if (!(await settlesWithin(CLEANUP_MS, cleanedUp)))
        report(`the cleanup of the story has not ended after ${CLEANUP_MS} ms`);
      // The servers have seen half of the story, and the story may go on in the browser.
      await this.close().catch(({ message }) => report(message));
      return result;
    }
    try {
      await cleanUp(resources, false);
      if (resources.watchdog.failure) report(`passed, and then: ${resources.watchdog.failure.message}`);
      return { isSkipped };
    } catch (error) {
      return { error };
    }
  }

  async #ensureOpen() {
    // The browser may have ended between two stories.
    if (this.#current?.watchdog.failure) await this.close();
    if (this.#current) return this.#current;
    // `open` adds the rest.
    const opened = /** @type {Resources} */ ({});
    this.#current = opened;
    try {
      await this.#open(opened);
    } catch (error) {
      // The caller reads the failure first.
      if (!opened.watchdog?.failure) await this.close();
      throw error;
    }
    return opened;
  }
}
