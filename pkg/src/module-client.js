// A client inside the module: created when the module is loaded, and again after a trap; and the limits of a call.
import { LoginError, asLoginError } from './errors.js';
import { yieldToEventLoop } from './event-loop.js';
import { instance, load, rejectOnTrap } from './module-loader.js';
import { abortReason, checkedLimits } from './settings.js';
import { hasPage, withoutPage } from './without-page.js';

/** The default deadline of a call in milliseconds. */
export const DEADLINE_MS = 30_000;

/** The longest delay of a browser's timer in milliseconds: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The method of the module's client that calls the methods of a part. */
const CALLS = { undefined: 'call', account: 'callAccount' };

/**
 * Runs `work(cancelled)` within a caller's limits, `{signal, timeoutInMillis}`; `deadlineMs` is the default deadline. The promise
 * `cancelled` is fulfilled when the caller has its rejection: the work stops then.
 */
export function withLimits(limits, deadlineMs, work) {
  const { signal, timeoutInMillis } = checkedLimits(limits, deadlineMs);
  return new Promise((resolve, reject) => {
    let cancel;
    const cancelled = new Promise((resolve) => {
      cancel = resolve;
    });
    const settle = (then) => (value) => {
      clearTimeout(timer);
      signal?.removeEventListener?.('abort', onAbort);
      settled();
      then(value);
    };
    const fail = settle(reject);
    const stop = (reason) => {
      fail(reason);
      cancel();
    };
    const settled = rejectOnTrap(fail);
    const onAbort = () => stop(abortReason(signal));
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
  #classes;
  #client;
  #making;
  #onFailure;

  /**
   * @param make creates the client from the module's classes @param part that has its class, if it is not the core
   * @param onFailure is called with the error if the module cannot be loaded
   */
  constructor(make, part, onFailure) {
    this.#make = make;
    this.#part = part;
    this.#onFailure = onFailure;
  }

  async ready(part = this.#part) {
    try {
      // The instance may trap before it is used.
      const isMade = (part) => this.#classes !== undefined && this.#classes === instance(part);
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

  /** Calls an asynchronous method of the module, or of a part of it, with its one argument. */
  call(method, limits, value, part, deadlineMs = DEADLINE_MS) {
    return withLimits(limits, deadlineMs, async (cancelled) => {
      if (!hasPage()) return withoutPage(method, value);
      let isCancelled = false;
      cancelled.then(() => {
        isCancelled = true;
      });
      const client = await this.ready(part);
      return isCancelled ? undefined : client[CALLS[part]](method, cancelled, value);
    });
  }

  /** Calls a synchronous method; undefined until the module is loaded. */
  callNow(method, ...values) {
    if (this.#classes !== instance()) return undefined;
    try {
      return this.#client?.[method](...values);
    } catch (error) {
      throw asLoginError(error);
    }
  }
}
