// A watchdog for one browser and its driver: limits each command, and keeps the first failure of the driver.
//
// After such a failure everything else that a story throws is a consequence of it, and stories catch errors to explain
// them better. So the kept failure decides whether a story is retried, not the error that the story ends with.

import { BrowserCrash, DriverTimeout } from './driver-failure.mjs';
import { ATTEMPT_MS, COMMAND_MS, PAGE_MS, START_MS } from './limits.mjs';

/** @import { DriverFailure } from './driver-failure.mjs' */

export class Watchdog {
  /**
   * The first failure of the browser or its driver, null as long as both work.
   * @type {DriverFailure | null}
   */
  failure = null;
  /**
   * Rejects with the first failure.
   * @type {Promise<never>}
   */
  failed;
  commandMs;
  pageMs;
  startMs;
  attemptMs;
  /** @type {(failure: DriverFailure) => void} */
  #reject = () => {};
  #kill = () => {};
  #isClosing = false;

  /**
   * @param {{ commandMs?: number, pageMs?: number, startMs?: number, attemptMs?: number }} [limits] other limits than
   * those of `limits.mjs`, for tests of this class
   */
  constructor({ commandMs = COMMAND_MS, pageMs = PAGE_MS, startMs = START_MS, attemptMs = ATTEMPT_MS } = {}) {
    this.commandMs = commandMs;
    this.pageMs = pageMs;
    this.startMs = startMs;
    this.attemptMs = attemptMs;
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
  }

  /**
   * Adds a function that kills the browser. It is called after a failure, so that no command goes on waiting.
   * @param {() => void} kill
   */
  onFailure(kill) {
    const before = this.#kill;
    this.#kill = () => {
      before();
      kill();
    };
    if (this.failure) kill();
  }

  /** From now on the end of the browser is no failure. */
  close() {
    this.#isClosing = true;
  }

  /**
   * Keeps a failure and kills the browser, unless it has failed before.
   * @param {DriverFailure} failure
   * @returns {DriverFailure} the first failure
   */
  fail(failure) {
    if (!this.failure && !this.#isClosing) {
      this.failure = failure;
      this.#reject(failure);
      this.#kill();
    }
    return this.failure ?? failure;
  }

  /**
   * Reports that the browser or its driver has ended by itself.
   * @param {string} message
   * @param {unknown} [cause]
   */
  crashed(message, cause) {
    return this.fail(new BrowserCrash(message, { cause }));
  }

  /**
   * Runs a command of the driver.
   * @template Result
   * @param {string} name for messages
   * @param {() => Promise<Result>} run
   * @param {object} [options]
   * @param {number} [options.limitMs]
   * @param {() => Promise<Error | null>} [options.explain] called after the limit: returns an error if the driver works
   * and something else is late
   * @returns {Promise<Result>}
   */
  async command(name, run, { limitMs = this.commandMs, explain = async () => null } = {}) {
    if (this.failure) throw this.failure;
    const result = Promise.race([run(), this.failed]);
    if (await settlesWithin(limitMs, result)) return await result;
    result.catch(() => {});
    const explanation = await explain();
    if (explanation) throw explanation;
    throw this.fail(new DriverTimeout(`the driver has not responded to the command "${name}" for ${limitMs} ms`));
  }

  /**
   * Runs an attempt at a story, which ends with the driver's first failure or after the limit at the latest.
   * @template Result
   * @param {() => Promise<Result>} run
   * @returns {Promise<Result>}
   */
  async attempt(run) {
    const result = Promise.race([run(), this.failed]);
    if (await settlesWithin(this.attemptMs, result)) return await result;
    result.catch(() => {});
    throw new AttemptTimeout(`the story has not ended after ${this.attemptMs} ms, and the driver responds`);
  }
}

/** A story does not end although the driver responds: a failed check. */
export class AttemptTimeout extends Error {
  name = 'AttemptTimeout';
}

/**
 * Waits until a promise settles, but no longer than this.
 * @param {number} milliseconds
 * @param {Promise<unknown>} promise
 * @returns {Promise<boolean>} whether it has settled
 */
export async function settlesWithin(milliseconds, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const isLate = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      isLate,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
