// Stands in front of the verifier and can fail the way a shop's server does.

import { once } from 'node:events';
import { createServer, get } from 'node:http';

export class VerifierProxy {
  /** The real verifier's address. */
  target;
  #answer = (request, response) => this.#forward(request, response);
  #server = createServer((request, response) => this.#receive(request, response));
  #port = 0;

  /** Listens on a free port and passes everything on. */
  static async start() {
    const proxy = new VerifierProxy();
    await proxy.pass();
    return proxy;
  }

  /** The address to give to the sandbox. */
  get authorizationUrl() {
    return `http://127.0.0.1:${this.#port}/v1/login`;
  }

  /** Works from now on. */
  async pass() {
    this.#answer = (request, response) => this.#forward(request, response);
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = this.#server.address().port;
  }

  /** Refuses connections from now on. */
  async down() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Takes requests and closes the connection instead of answering, from now on. */
  hangUp() {
    this.#answer = (request) => request.socket.destroy();
  }

  /** Answers with one of `GARBAGE` from now on. */
  answer(garbage) {
    this.#answer = (request, response) =>
      GARBAGE[garbage](new URL(request.url, this.authorizationUrl).searchParams, response);
  }

  async stop() {
    if (this.#server.listening) await this.down();
  }

  #receive(request, response) {
    // Browsers also ask for a picture of a page they show.
    if (request.url.startsWith('/v1/login?')) this.#answer(request, response);
    else response.writeHead(404).end();
  }

  #forward(request, response) {
    // With the browser's own headers: the verifier looks at how it is navigated to.
    const headers = { ...request.headers, host: new URL(this.target).host };
    get(this.target + request.url, { headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }).on('error', () => response.destroy());
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
