// The sandbox from outside: its control interface, and verification of the tokens that it signs.

import assert from 'node:assert/strict';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { COMMAND_MS } from './limits.mjs';

/**
 * The claims of an access token that a user has.
 * @typedef {import('jose').JWTPayload & { sub: string, iss: string, exp: number, client_id: string, azp: string }} Claims
 */

/** The audience of access tokens in the strict dialect: the sandbox's account. */
const ACCOUNT_ID = 'acc_localsandbox';

/** @typedef {{ method: string, path: string }} LogEntry a request as the sandbox has logged it */

export class Authress {
  #controlUrl;
  #issuer;
  #applicationId;
  #dialect;
  #keys;

  /** @param {Pick<import('./stack.mjs').StackDescription, 'sandboxControlUrl' | 'sandboxUrl' | 'applicationId' | 'dialect'>} stack */
  constructor({ sandboxControlUrl, sandboxUrl, applicationId, dialect }) {
    this.#controlUrl = sandboxControlUrl;
    this.#issuer = sandboxUrl;
    this.#applicationId = applicationId;
    this.#dialect = dialect;
    this.#keys = createRemoteJWKSet(new URL(`${sandboxControlUrl}/.well-known/openid-configuration/jwks`), {
      timeoutDuration: COMMAND_MS,
    });
  }

  /**
   * Verifies signature, type, issuer, times and application of an access token.
   * @param {string} token
   * @returns {Promise<Claims>} its claims
   */
  async verify(token) {
    const audience = this.#dialect === 'strict' ? ACCOUNT_ID : this.#issuer;
    const claims = await this.verifySignature(token, { audience });
    assert.equal(claims.client_id, this.#applicationId, 'the token is for this application');
    return claims;
  }

  /**
   * Verifies signature, type, issuer and times of an access token for any application.
   * @param {string} token
   * @param {import('jose').JWTVerifyOptions} [expected]
   * @returns {Promise<Claims>} its claims
   */
  async verifySignature(token, expected) {
    const always = { issuer: this.#issuer, typ: 'at+jwt', algorithms: ['EdDSA'] };
    const { payload } = await jwtVerify(token, this.#keys, { ...always, ...expected });
    return /** @type {Claims} */ (payload);
  }

  /**
   * Responds to the next `times` matching requests with `status`.
   * @param {string} method
   * @param {string} path
   * @param {{ status?: number, times?: number, body?: string }} [response]
   */
  async fail(method, path, { status = 500, times = 1, body = '{}' } = {}) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, status, times, body }] });
  }

  /**
   * Delays the response to the next matching request, which is processed at once.
   * @param {string} method
   * @param {string} path
   * @param {number} delayMs
   */
  async delay(method, path, delayMs) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, delayMs }] });
  }

  /**
   * Processes the next `times` matching requests and closes the connection without a response.
   * @param {string} method
   * @param {string} path
   * @param {{ times?: number }} [options]
   */
  async drop(method, path, { times = 1 } = {}) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, times, drop: true }] });
  }

  /** How many of the ordered failures have not happened yet. */
  async failuresLeft() {
    /** @type {{ faults: { times: number }[] }} */
    const { faults } = await this.#call('GET', '/sandbox/faults');
    return faults.reduce((sum, { times }) => sum + times, 0);
  }

  async stopFailing() {
    await this.#call('DELETE', '/sandbox/faults');
  }

  /** @param {number} advanceSeconds */
  async advanceClock(advanceSeconds) {
    await this.#call('POST', '/sandbox/clock', { advanceSeconds });
  }

  /** @param {number} seconds */
  async setCodeLifetime(seconds) {
    await this.#call('POST', '/sandbox/code-lifetime', { seconds });
  }

  /**
   * Changes switches of the sandbox's dialect until the end of the story.
   * @param {Record<string, unknown>} switches by their names in the sandbox's configuration
   */
  async setDialect(switches) {
    await this.#call('POST', '/sandbox/dialect', switches);
  }

  /** Restores the dialect with which the sandbox was started. */
  async resetDialect() {
    await this.#call('DELETE', '/sandbox/dialect');
  }

  async clearLog() {
    await this.#call('DELETE', '/sandbox/log');
  }

  /**
   * All requests to the sandbox since `clearLog`, except for the keys that servers fetch.
   * @returns {Promise<LogEntry[]>}
   */
  async log() {
    /** @type {LogEntry[]} */
    const entries = await this.#call('GET', '/sandbox/log');
    return entries.filter(({ path }) => !path.startsWith('/.well-known/'));
  }

  /** The log as `METHOD /path`, without the browsers' preflights. `{id}` stands for the id of a login. */
  async requests() {
    return (await this.log())
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ method, path }) => `${method} ${path.replace(/^(\/api\/authentication\/)[^/]+/, '$1{id}')}`);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>} the JSON of the response
   */
  async #call(method, path, body) {
    const response = await fetch(this.#controlUrl + path, {
      method,
      signal: AbortSignal.timeout(COMMAND_MS),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? null : await response.json();
  }
}
