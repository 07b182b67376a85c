// The verifier of a run: responds to each request as the running observation wants it, and never on its own.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @import { Channel, Config } from './channel.mjs' */

/** @typedef {{ status: number, headers?: Record<string, string>, body?: string }} VerifierResponse */
/** @typedef {(parameters: URLSearchParams) => Promise<VerifierResponse> | VerifierResponse} Plan */

const NOT_NOW = { status: 404, body: 'No login of this run is waiting for a response.' };

/** A new user id of this many characters. Its beginning tells an owner where it comes from. */
export function newUserId(length = 40) {
  return `contract_test_${randomBytes(length).toString('hex')}`.slice(0, length);
}

export class Verifier {
  #channel;
  #server = createServer((request, response) => {
    const { search } = new URL(request.url ?? '/', 'http://localhost');
    void this.respond(search).then(({ status, headers = {}, body = '' }) => {
      response.writeHead(status, headers).end(body);
    });
  });
  /** @type {Plan | null} */
  #plan = null;
  /** The user ids of all statements. */
  userIds = /** @type {string[]} */ ([]);

  /** @param {Channel} channel */
  constructor(channel) {
    this.#channel = channel;
  }

  /** @param {Config} config */
  async start({ listen }) {
    if (!listen) return;
    const { hostname, port } = new URL(`http://${listen}`);
    this.#server.listen(Number(port), hostname);
    await once(this.#server, 'listening');
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * Responds to the next request by `plan`.
   * @param {Plan} plan
   */
  expect(plan) {
    this.#plan = plan;
  }

  /**
   * The response to a request with this query.
   * @param {string} search
   * @returns {Promise<VerifierResponse>}
   */
  async respond(search) {
    const plan = this.#plan;
    this.#plan = null;
    return plan ? await plan(new URLSearchParams(search)) : NOT_NOW;
  }

  /**
   * Has a statement signed for this request, and gives where it leads.
   * @param {URLSearchParams} parameters
   * @param {{ userId?: string, ageSeconds?: number, lifetimeSeconds?: number }} [form]
   */
  async sign(parameters, { userId = newUserId(), ...form } = {}) {
    const state = parameters.get('state') ?? '';
    const redirectUri = parameters.get('redirect_uri') ?? '';
    this.userIds.push(userId);
    return await this.#channel.sign({ state, redirectUri, userId, tokenId: randomBytes(16).toString('hex'), ...form });
  }
}

/**
 * A redirect, as the verifier sends it.
 * @param {string} location
 * @returns {VerifierResponse}
 */
export function redirect(location) {
  return { status: 302, headers: { location } };
}
