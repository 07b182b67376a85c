// A proxy in front of the verifier that can fail as a shop's server does.

import { once } from 'node:events';
import { createServer, get } from 'node:http';

import { portOf } from './ports.mjs';

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @typedef {(request: IncomingMessage, response: ServerResponse) => void} Handler
 */

/** The verifier's service client: Authress may not name it. */
const SERVICE_CLIENT_ID = 'sc_demoShop';

export class VerifierProxy {
  /** The real verifier's address. */
  target = '';
  /** @type {Handler} */
  #respond = (request, response) => this.#forward(request, response);
  #server = createServer((request, response) => this.#receive(request, response));
  #port = 0;

  /** Listens on a free port and forwards all requests. */
  static async start() {
    const proxy = new VerifierProxy();
    await proxy.forward();
    return proxy;
  }

  /** The address to give to the sandbox. */
  get authorizationUrl() {
    return `http://127.0.0.1:${this.#port}/v1/login`;
  }

  /** Forwards all requests from now on. */
  async forward() {
    this.#respond = (request, response) => this.#forward(request, response);
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = portOf(this.#server);
  }

  /** Refuses connections from now on. */
  async refuseConnections() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Closes connections without a response from now on. */
  dropConnections() {
    this.#respond = (request) => request.socket.destroy();
  }

  /**
   * Responds with one of `INVALID_RESPONSES` from now on.
   * @param {string} name
   */
  respondWith(name) {
    this.#respond = (request, response) =>
      INVALID_RESPONSES[name](new URL(request.url ?? '', this.authorizationUrl).searchParams, response);
  }

  async stop() {
    if (this.#server.listening) await this.refuseConnections();
  }

  /** @type {Handler} */
  #receive(request, response) {
    // Browsers also request a favicon.
    if (request.url?.startsWith('/v1/login?')) this.#respond(request, response);
    else response.writeHead(404).end();
  }

  /** @type {Handler} */
  #forward(request, response) {
    // With the browser's own headers: the verifier checks its Fetch Metadata.
    const headers = { ...request.headers, host: new URL(this.target).host };
    get(this.target + request.url, { headers }, (forwarded) => {
      response.writeHead(forwarded.statusCode ?? 502, forwarded.headers);
      forwarded.pipe(response);
    }).on('error', () => response.destroy());
  }
}

/**
 * Redirects back to the login page with a code and issuer of the caller's.
 * @param {URLSearchParams} parameters of the authorization request
 * @param {ServerResponse} response
 * @param {string} code
 */
function redirect(parameters, response, code) {
  const back = new URL(parameters.get('redirect_uri') ?? '');
  back.searchParams.set('code', code);
  back.searchParams.set('iss', `${back.origin}/v1/clients/${SERVICE_CLIENT_ID}`);
  back.searchParams.set('state', parameters.get('state') ?? '');
  response.writeHead(302, { location: back.href }).end();
}

/** @type {(value: object) => string} */
const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const HTML_ERROR_PAGE = 'an HTML error page';

/** @type {Record<string, (parameters: URLSearchParams, response: ServerResponse) => void>} */
export const INVALID_RESPONSES = {
  'a code that is no JWT': (parameters, response) => redirect(parameters, response, 'no-token'),
  'an unsigned JWT': (parameters, response) => {
    const header = segment({ alg: 'none', typ: 'oauth-authz-req+jwt' });
    redirect(parameters, response, `${header}.${segment({ sub: 'user_unsigned' })}.`);
  },
  [HTML_ERROR_PAGE]: (_, response) => {
    response.writeHead(500, { 'content-type': 'text/html' }).end('<title>broken</title>}{');
  },
};
