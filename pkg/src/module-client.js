// A client of the module: made when the module is there, and anew after a trap.
import { LoginError, asLoginError } from './errors.js';
import { yieldToEventLoop } from './event-loop.js';
import { instance, load, rejectOnTrap } from './module-loader.js';
import { abortReason, checkedLimits } from './settings.js';
import { hasPage, withoutPage } from './without-page.js';

/** How long a call may take unless the caller says otherwise, in milliseconds. */
export const DEADLINE_MS = 30_000;

/** The longest a browser's timer can be set to, in milliseconds: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** By which method of the module's clients the methods of its parts are called. */
const CALLS = { undefined: 'call', account: 'callAccount' };

/**
 * Runs `work(cancelled)` until the limits that a caller has given are reached: `{signal, timeoutInMillis}`. `deadlineMs` is the
 * deadline without any. `cancelled` is a promise that is fulfilled when the caller does not wait for the result any more.
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
   * @param make makes the client from the module's classes @param part where its class is, if that is not the core
   * @param onFailure gets what keeps it from being ready
   */
  constructor(make, part, onFailure) {
    this.#make = make;
    this.#part = part;
    this.#onFailure = onFailure;
  }

  async ready(part = this.#part) {
    try {
      // It may trap between being there and being used.
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

  /** Calls a method of the module, of this part of it, with its one value. */
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

  /** Undefined until the module is there. */
  callNow(method, ...values) {
    if (this.#classes !== instance()) return undefined;
    try {
      return this.#client?.[method](...values);
    } catch (error) {
      throw asLoginError(error);
    }
  }
}
