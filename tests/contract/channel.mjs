// The line protocol with the program that started this script: observations and requests as JSON lines on standard
// output, the configuration and replies on standard input. When standard input closes, the run has to stop.

import { createInterface } from 'node:readline';

/**
 * What the program sends first; see crates/contract/src/config.rs.
 * @typedef {object} Config
 * @property {string} authressApiUrl
 * @property {string} applicationId
 * @property {string} serviceClientId
 * @property {string} pageUrl
 * @property {string | null} localhostUrl
 * @property {string | null} defaultHost
 * @property {string} authorizationUrl
 * @property {'browser' | 'listen' | 'deployed'} verifier
 * @property {string | null} listen
 * @property {string | null} connectionId
 * @property {string | null} linkingOffId
 * @property {string | null} personScript
 * @property {string[]} browserArgs
 * @property {boolean} headed
 * @property {boolean} slow
 */

export class Channel {
  #lines = createInterface(process.stdin);
  /** @type {((line: any) => void)[]} */
  #waiting = [];
  /** Whether the run has to stop. */
  isStopping = false;

  constructor() {
    this.#lines.on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
    this.#lines.on('close', () => {
      this.isStopping = true;
      for (const resolve of this.#waiting.splice(0)) resolve({});
    });
  }

  /** @returns {Promise<any>} the next line of the program */
  next() {
    return this.isStopping ? Promise.resolve({}) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param {object} message */
  send(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  }

  /** @type {(name: string, value: unknown) => void} */
  fact(name, value) {
    this.send({ type: 'fact', name, value });
  }

  /** @type {(names: string[], reason: string) => void} */
  missing(names, reason) {
    this.send({ type: 'missing', names, reason });
  }

  /** @param {string} text */
  say(text) {
    this.send({ type: 'say', text });
  }

  /** @param {string} text */
  remark(text) {
    this.send({ type: 'remark', text });
  }

  /**
   * Has a statement signed.
   * @param {object} statement
   * @returns {Promise<string>} where the verifier redirects to
   */
  async sign(statement) {
    this.send({ type: 'sign', statement });
    const { location } = await this.next();
    if (!location) throw new Error('the statement could not be signed, because of its `redirect_uri`');
    return location;
  }

  /** @returns {Promise<string | undefined>} the service client's own token */
  async managementToken() {
    this.send({ type: 'managementToken' });
    return (await this.next()).token;
  }

  close() {
    this.#lines.close();
    process.stdin.destroy();
  }
}
