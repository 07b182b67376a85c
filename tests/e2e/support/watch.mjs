// Watches over one browser and its driver: each command has a limit, and the first failure of the driver is kept.
//
// What a story throws after the driver has failed is a consequence: stories catch errors to explain them better. So the
// kept failure decides whether a story is retried, not the error that the story ends with.

import { BrowserCrash, DriverTimeout } from './driver-failure.mjs';
import { ATTEMPT_MS, COMMAND_MS, PAGE_MS, START_MS } from './limits.mjs';

export class Watch {
  /** The first failure of the browser or its driver, null as long as both work. */
  failure = null;
  /** Rejects with the first failure. */
  failed;
  commandMs;
  pageMs;
  startMs;
  attemptMs;
  #reject;
  #kill = () => {};
  #isClosing = false;

  /** @param limits other limits than those of `limits.mjs`, for tests of this class */
  constructor({ commandMs = COMMAND_MS, pageMs = PAGE_MS, startMs = START_MS, attemptMs = ATTEMPT_MS } = {}) {
    Object.assign(this, { commandMs, pageMs, startMs, attemptMs });
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
  }

  /** Adds what ends the browser at once. It is called after a failure, so that no command goes on waiting. */
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

  /** Keeps a failure, kills the browser and gives the failure that was the first. */
  fail(failure) {
    if (!this.failure && !this.#isClosing) {
      this.failure = failure;
      this.#reject(failure);
      this.#kill();
    }
    return this.failure ?? failure;
  }

  /** The browser has ended by itself. */
  crashed(what, cause) {
    return this.fail(new BrowserCrash(what, { cause }));
  }

  /**
   * Waits for a command to the driver.
   * @param name of the command, for messages
   * @param work the command, which begins when this is called
   * @param limitMs how long it may take
   * @param explain called after the limit: it returns an error if the driver works and something else is late
   */
  async command(name, work, { limitMs = this.commandMs, explain = async () => null } = {}) {
    if (this.failure) throw this.failure;
    const result = Promise.race([work(), this.failed]);
    if (await isSettled(result, limitMs)) return await result;
    result.catch(() => {});
    const explanation = await explain();
    if (explanation) throw explanation;
    throw this.fail(new DriverTimeout(`the driver has not answered the command "${name}" for ${limitMs} ms`));
  }

  /** Runs an attempt at a story; ends with the attempt, with the driver's first failure, or after the limit. */
  async attempt(run) {
    const result = Promise.race([run(), this.failed]);
    if (await isSettled(result, this.attemptMs)) return await result;
    result.catch(() => {});
    throw new AttemptTimeout(`the story has not ended after ${this.attemptMs} ms, and the driver answers`);
  }
}

/** A story goes on for ever although the driver answers: this is a failed check. */
export class AttemptTimeout extends Error {
  name = 'AttemptTimeout';
}

/** Waits until a promise is settled, but no longer than this; gives whether it is. */
export async function isSettled(promise, milliseconds) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
