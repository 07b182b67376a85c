// A client inside the module: created when the module is loaded, and again after a trap; and the limits of a call.
import { LoginError, asLoginError } from './errors.js';
import { yieldToEventLoop } from './event-loop.js';
import { instance, load, rejectOnTrap } from './module-loader.js';
import { abortReason, checkedLimits } from './settings.js';
import { hasPage, withoutPage } from './without-page.js';

/** @import { Classes } from './module-instance.js' */

/** How long a call may take unless the caller says otherwise, in milliseconds. */
export const DEADLINE_MS = 30_000;

/** The longest delay of a browser's timer in milliseconds: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** By which method of the module's clients the methods of its parts are called. */
/** @type {Record<string, string>} */
const CALLS = { undefined: 'call', account: 'callAccount' };

/**
 * Runs `work` until the limits of the call are reached.
 * @template Result
 * @param {unknown} limits `{signal, timeoutInMillis}` of the caller
 * @param {number} deadlineMs the deadline without any
 * @param {(cancelled: Promise<void>) => Promise<Result>} work gets a promise that is fulfilled when the call is cancelled
 * @returns {Promise<Result>}
 */
export function withLimits(limits, deadlineMs, work) {
  const { signal, timeoutInMillis } = checkedLimits(limits, deadlineMs);
  return new Promise((resolve, reject) => {
    let cancel = () => {};
    /** @type {Promise<void>} */
    const cancelled = new Promise((fulfil) => {
      cancel = fulfil;
    });
    /** @type {(then: (value: any) => void) => (value: any) => void} */
    const settle = (then) => (value) => {
      clearTimeout(timer);
      signal?.removeEventListener?.('abort', onAbort);
      settled();
      then(value);
    };
    const fail = settle(reject);
    /** @param {unknown} reason */
    const stop = (reason) => {
      fail(reason);
      cancel();
    };
    const settled = rejectOnTrap(fail);
    const onAbort = () => stop(signal && abortReason(signal));
    const timer =
      timeoutInMillis >= 0 && timeoutInMillis <= LONGEST_TIMER_MS
        ? setTimeout(() => stop(new LoginError('RequestTimeout')), timeoutInMillis)
        : undefined;
    signal?.addEventListener('abort', onAbort);
    work(cancelled).then(settle(resolve), (error) => fail(asLoginError(error)));
  });
}

export class ModuleClient {
  #make;
  #part;
  /** @type {Classes | undefined} */
  #classes;
  /** @type {any} */
  #client;
  /** @type {Promise<void> | undefined} */
  #making;
  #onFailure;

  /**
   * @param {(classes: Classes) => object} make creates the client from the module's classes
   * @param {string} [part] the part with its class, if that is not the core
   * @param {(error: LoginError) => void} [onFailure] gets the error if the module cannot be loaded
   */
  constructor(make, part, onFailure) {
    this.#make = make;
    this.#part = part;
    this.#onFailure = onFailure;
  }

  /** @param {string} [part] */
  async ready(part = this.#part) {
    try {
      // The instance may trap before it is used.
      /** @param {string} [needed] */
      const isMade = (needed) => this.#classes !== undefined && this.#classes === instance(needed);
      while (!isMade(part)) {
        if (part) await load(part);
        if (!isMade()) await (this.#making ??= this.#makeClient());
      }
    } catch (cause) {
      const error = asLoginError(cause);
      this.#onFailure?.(error);
      throw error;
    }
    return this.#client;
  }

  async #makeClient() {
    try {
      const classes = await load(this.#part);
      this.#client = this.#make(classes);
      this.#classes = classes;
      await yieldToEventLoop();
    } finally {
      this.#making = undefined;
    }
  }

  /**
   * Calls a method of the module with its one value.
   * @param {string} method
   * @param {unknown} limits
   * @param {unknown} [value]
   * @param {string} [part] the part that has the method
   * @param {number} [deadlineMs]
   * @returns {Promise<any>}
   */
  call(method, limits, value, part, deadlineMs = DEADLINE_MS) {
    return withLimits(limits, deadlineMs, async (cancelled) => {
      if (!hasPage()) return withoutPage(method, value);
      let isCancelled = false;
      void cancelled.then(() => {
        isCancelled = true;
      });
      const client = await this.ready(part);
      return isCancelled ? undefined : client[CALLS[String(part)]](method, cancelled, value);
    });
  }

  /**
   * Calls a method that returns at once; undefined until the module is loaded.
   * @param {string} method
   * @param {...unknown} values
   */
  callNow(method, ...values) {
    if (this.#classes !== instance()) return undefined;
    try {
      return this.#client?.[method](...values);
    } catch (error) {
      throw asLoginError(error);
    }
  }
}
