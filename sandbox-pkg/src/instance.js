// The Rust code of sandbox and verifier as a WebAssembly instance. The module is compiled once for the process; each
// sandbox has an instance, so a trap ends one sandbox only.
import { readFileSync } from 'node:fs';

import { glue } from '../dist/authress_sandbox.js';

/** @import { Glue } from './glue.d.ts' */

const module = new WebAssembly.Module(readFileSync(new URL('../dist/authress_sandbox_bg.wasm', import.meta.url)));

/**
 * A response as Node's HTTP server writes it.
 * @typedef {object} Response
 * @property {number} status
 * @property {string[]} headers a name, its value, the next name and so on
 * @property {Uint8Array} body
 * @property {number} delayMs of an injected fault
 * @property {boolean} isDropped whether the connection is closed instead: an injected fault
 */

/** The instance has trapped: its memory is in an unknown state, and it must not run again. */
export class SandboxTrapped extends Error {
  code = 'SandboxTrapped';

  /** @param {Error} cause */
  constructor(cause) {
    super(
      `The sandbox has failed in WebAssembly (${cause.message}) and its state is lost. Stop it and start a new one; ` +
        'other sandboxes of the process go on. This is a bug: please report it with the request that came last.',
      { cause },
    );
    this.name = 'SandboxTrapped';
  }
}

export class Instance {
  #authress;
  /** @type {SandboxTrapped | undefined} */
  #trap;

  /**
   * @param {object} configuration of the sandbox, as crates/sandbox/src/config.rs reads it
   * @throws {Error} the configuration is not valid
   */
  constructor(configuration) {
    const { initSync, LocalAuthress } = /** @type {Glue} */ (/** @type {unknown} */ (glue()));
    this.#authress = this.#run(() => {
      initSync({ module });
      return new LocalAuthress(JSON.stringify(configuration), Date.now());
    });
  }

  /**
   * @param {string} method
   * @param {string} target path and query
   * @param {string[]} headers a name, its value, the next name and so on
   * @param {Uint8Array} body
   * @returns {Response}
   * @throws {SandboxTrapped}
   * @throws {Error} the request cannot be expressed
   */
  handle(method, target, headers, body) {
    return this.#run(() => {
      const response = this.#authress.handle(method, target, headers, body, Date.now());
      const { status, headers: fields, body: bytes, delayMs, isDropped } = response;
      response.free();
      return { status, headers: fields, body: bytes, delayMs, isDropped };
    });
  }

  /** @param {import('../index.d.ts').Dialect} dialect */
  setDialect(dialect) {
    this.#run(() => this.#authress.setDialect(JSON.stringify(dialect)));
  }

  /** @param {number} seconds */
  advanceClock(seconds) {
    this.#run(() => this.#authress.advanceClock(seconds));
  }

  /**
   * @template Result
   * @param {() => Result} call
   * @returns {Result}
   */
  #run(call) {
    if (this.#trap) throw this.#trap;
    try {
      return call();
    } catch (error) {
      // A stack overflow is a RangeError, and leaves the memory as a trap does. Errors of the Rust code are plain.
      const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
      if (!isTrap) throw error;
      this.#trap = new SandboxTrapped(error);
      throw this.#trap;
    }
  }
}
