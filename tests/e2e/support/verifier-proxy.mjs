// Stands in front of the verifier and can fail the way a shop's server does.

import { createServer } from 'node:http';
import { once } from 'node:events';

export class VerifierProxy {
  /** `pass`, `hang up`, or one of the garbage answers of `GARBAGE`. */
  mode = 'pass';
  /** The real verifier's address. */
  target;
  /** How many requests arrived. */
  seen = 0;
  #server = createServer((request, response) => this.#answer(request, response));
  #port = 0;

  /** Listens on a free port. */
  static async start() {
    const proxy = new VerifierProxy();
    await proxy.up();
    return proxy;
  }

  /** The address to give to the sandbox. */
  get authorizationUrl() {
    return `http://127.0.0.1:${this.#port}/v1/login`;
  }

  /** Refuses connections from now on. */
  async down() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Listens again, on the same port. */
  async up() {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = this.#server.address().port;
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.authorizationUrl);
    if (url.pathname !== '/v1/login') return response.writeHead(404).end();
    this.seen += 1;
    if (this.mode === 'hang up') return request.socket.destroy();
    if (this.mode !== 'pass') return GARBAGE[this.mode](url.searchParams, response);
    const answer = await fetch(this.target + request.url, { redirect: 'manual' });
    const body = await answer.text();
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
  }
}

/** Back to the login page with a code and issuer that nobody vouches for. */
function redirect(parameters, response, code) {
  const back = new URL(parameters.get('redirect_uri'));
  back.searchParams.set('code', code);
  back.searchParams.set('iss', `${back.origin}/v1/clients/${parameters.get('client_id')}`);
  back.searchParams.set('state', parameters.get('state'));
  response.writeHead(302, { location: back.href }).end();
}

const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const GARBAGE = {
  'a code that is no token': (parameters, response) => redirect(parameters, response, 'no-token'),
  'a token that nobody signed': (parameters, response) => {
    const header = segment({ alg: 'none', typ: 'oauth-authz-req+jwt' });
    redirect(parameters, response, `${header}.${segment({ sub: 'user_of_nobody' })}.`);
  },
  'a page of noise': (_, response) => {
    response.writeHead(500, { 'content-type': 'text/html' }).end('<title>noise</title>}{');
  },
};
