// The sandbox from the outside: its control interface, and verification of the tokens it signs.

import assert from 'node:assert/strict';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { COMMAND_MS } from './limits.mjs';

export class Authress {
  #control;
  #issuer;
  #applicationId;
  #keys;

  constructor({ sandboxControlUrl, sandboxUrl, applicationId }) {
    this.#control = sandboxControlUrl;
    this.#issuer = sandboxUrl;
    this.#applicationId = applicationId;
    this.#keys = createRemoteJWKSet(new URL(`${sandboxControlUrl}/.well-known/openid-configuration/jwks`), {
      timeoutDuration: COMMAND_MS,
    });
  }

  /** The claims of an access token whose signature, type, issuer, times and application hold. */
  async verify(token) {
    const claims = await this.verifySignature(token, { audience: this.#issuer });
    assert.equal(claims.client_id, this.#applicationId, 'the token is for this application');
    return claims;
  }

  /** The claims of an access token for whomever, whose signature, type, issuer and times hold. */
  async verifySignature(token, expected) {
    const always = { issuer: this.#issuer, typ: 'at+jwt', algorithms: ['EdDSA'] };
    return (await jwtVerify(token, this.#keys, { ...always, ...expected })).payload;
  }

  /** Answers the next `times` matching requests with `status`. */
  async fail(method, path, { status = 500, times = 1, body = '{}' } = {}) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, status, times, body }] });
  }

  /** Answers the next matching request this much later. It is processed at once. */
  async delay(method, path, delayMs) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, delayMs }] });
  }

  /** Processes the next `times` matching requests and closes the connection instead of answering. */
  async drop(method, path, { times = 1 } = {}) {
    await this.#call('POST', '/sandbox/faults', { faults: [{ method, path, times, drop: true }] });
  }

  /** How many of the ordered failures have not happened yet. */
  async failuresLeft() {
    const { faults } = await this.#call('GET', '/sandbox/faults');
    return faults.reduce((sum, { times }) => sum + times, 0);
  }

  async stopFailing() {
    await this.#call('DELETE', '/sandbox/faults');
  }

  async advanceClock(advanceSeconds) {
    await this.#call('POST', '/sandbox/clock', { advanceSeconds });
  }

  async setCodeLifetime(seconds) {
    await this.#call('POST', '/sandbox/code-lifetime', { seconds });
  }

  async clearLog() {
    await this.#call('DELETE', '/sandbox/log');
  }

  /** All that was asked of the sandbox since `clearLog`, except for the keys that servers fetch. */
  async log() {
    const entries = await this.#call('GET', '/sandbox/log');
    return entries.filter(({ path }) => !path.startsWith('/.well-known/'));
  }

  /**
   * The log as `METHOD /path`, without the preflights that browsers send. `{id}` stands for the id
   * of a login.
   */
  async requests() {
    return (await this.log())
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ method, path }) => `${method} ${path.replace(/^(\/api\/authentication\/)[^/]+/, '$1{id}')}`);
  }

  async #call(method, path, body) {
    const response = await fetch(this.#control + path, {
      method,
      signal: AbortSignal.timeout(COMMAND_MS),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? null : await response.json();
  }
}
