// The newest requests of a sandbox, without secrets.
import { EventEmitter } from 'node:events';

import { redactTarget } from './redact.js';
import { errorOf } from './response-error.js';
import { Flows } from './steps.js';

export const MAX_ENTRIES = 500;

/** @typedef {import('./entry.js').Entry} Entry */

/**
 * Keeps the newest requests in order. Emits `added` with each one, and `cleared`.
 * @extends {EventEmitter<{ added: [Entry], cleared: [] }>}
 */
export class RequestHistory extends EventEmitter {
  /** @type {Entry[]} */
  #entries = [];
  #count = 0;
  #flows = new Flows();

  /**
   * @param {import('./steps.js').Exchange & { isDropped: boolean, arrivedMs: number, durationMs: number }} exchange
   */
  add({ isDropped, arrivedMs, durationMs, ...exchange }) {
    const error = errorOf(exchange.response);
    this.#count += 1;
    const entry = {
      number: this.#count,
      time: new Date(arrivedMs).toISOString(),
      method: exchange.method,
      path: redactTarget(exchange.target),
      ...this.#flows.recognize(exchange),
      status: exchange.response.status,
      isDropped,
      durationMs: Math.round(durationMs * 10) / 10,
      code: error?.code ?? null,
      title: error?.title ?? '',
    };
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.emit('added', entry);
  }

  /**
   * The entries that came after the one with this number, oldest first.
   * @param {number} number
   */
  after(number) {
    return this.#entries.filter((entry) => entry.number > number);
  }

  clear() {
    this.#entries = [];
    this.emit('cleared');
  }
}
