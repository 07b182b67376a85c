// Stands between one WebKit profile and the servers, and does what WebKit's driver cannot: sees the
// requests, answers in a server's place, takes the network away, runs scripts before those of pages
// and hears what pages tell.

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';

import { withScripts } from './preload.mjs';
import { Request, Response, Route, matcher } from './request.mjs';
import { accept } from './socks.mjs';

/** Addresses that lead to the gate itself, on every host. */
const OWN = '/-gate-/';

/** Emits `request`, `response`, `requestfailed`, and `told` with what a page tells. */
export class Gate extends EventEmitter {
  isOffline = false;
  /** Texts of scripts, or functions that give them, that run in every document before its own ones. */
  scripts = [];
  /** The Content-Security-Policy that pages get, by their address and the one of the server. */
  rewritePolicy = (_, policy) => policy;
  #routes = [];
  #addresses;
  #sockets = new Set();
  #plain = createHttpServer((request, response) => this.#receive(request, response));
  /** With the servers' own certificate. */
  #secure;
  #server = createServer((socket) => this.#connect(socket));

  static async open(stack) {
    const gate = new Gate();
    gate.setMaxListeners(50);
    gate.#addresses = stack.addresses;
    const tls = stack.tls && { cert: readFileSync(stack.tls.certificate), key: readFileSync(stack.tls.privateKey) };
    gate.#secure = createHttpsServer(tls ?? {}, (request, response) => gate.#receive(request, response));
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  /** The SOCKS proxy to name to the browser. */
  get address() {
    return `127.0.0.1:${this.#server.address().port}`;
  }

  /** An empty page of this origin, which reaches no server. */
  static blank(origin) {
    return `${origin}${OWN}blank`;
  }

  /** Where scripts of pages tell what happens. */
  static get ear() {
    return `${OWN}told`;
  }

  /** The handler of the last route that fits gets the request; of the routes of tabs, that of the request's own. */
  addRoute(pattern, handler, tab) {
    this.#routes.unshift({ pattern, matches: matcher(pattern), handler, tab });
  }

  removeRoute(pattern, tab) {
    this.#routes = this.#routes.filter((route) => route.pattern !== pattern || route.tab !== tab);
  }

  async close() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #connect(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    try {
      const { port } = await accept(socket);
      (port === 443 ? this.#secure : this.#plain).emit('connection', socket);
    } catch {
      socket.destroy();
    }
  }

  async #receive(incoming, response) {
    const url = new URL(incoming.url, `${incoming.socket.encrypted ? 'https' : 'http'}://${incoming.headers.host}`);
    const chunks = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    // For a picture WebKit asks every host by itself.
    if (url.pathname === '/favicon.ico') return response.writeHead(204).end();
    if (url.pathname.startsWith(OWN)) return this.#answerMyself(url, body, response);

    const request = new Request(url, incoming, body);
    this.emit('request', request);
    response.on('close', () => {
      if (!response.writableFinished) this.emit('requestfailed', request);
    });
    if (this.isOffline) return response.destroy();
    const fits = (tab) => !tab || !request.tab || tab === request.tab;
    const route = this.#routes.find(({ matches, tab }) => matches(url.href) && fits(tab));
    const forward = () => this.#forward(request);
    const finish = (answer) => this.#finish(request, response, answer);
    try {
      if (route) await route.handler(new Route(request, { forward, finish, abort: () => response.destroy() }));
      else await finish(await forward());
    } catch {
      // A server that hangs up, or a handler of a page that is gone.
      response.destroy();
    }
  }

  #answerMyself(url, body, response) {
    if (url.pathname === Gate.ear) this.emit('told', JSON.parse(body));
    response
      .writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' })
      .end('<!doctype html><title>blank</title>');
  }

  /** What the server answers: `{status, headers, body}`. */
  async #forward({ address, rawMethod: method, rawHeaders, body }) {
    const real = this.#addresses[`${address.hostname}:${address.port || 443}`];
    const [host, port] = (address.protocol === 'https:' ? real : address.host).split(':');
    const start = address.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { ...rawHeaders, connection: 'close' };
    // Pages are changed on the way, which takes their plain text.
    for (const name of ['accept-encoding', 'if-none-match', 'if-modified-since']) delete headers[name];
    const sent = start({
      host: host === 'localhost' ? '127.0.0.1' : host,
      port,
      method,
      headers,
      path: address.pathname + address.search,
      servername: address.hostname,
      rejectUnauthorized: false,
    });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    const chunks = [];
    for await (const chunk of answer) chunks.push(chunk);
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
  }

  async #finish(request, response, { status, headers, body }) {
    if (response.destroyed) return;
    const { connection, 'transfer-encoding': _, 'keep-alive': __, ...rest } = headers;
    const isPage = /^text\/html/.test(headers['content-type'] ?? '');
    const policy = rest['content-security-policy'];
    if (policy) rest['content-security-policy'] = this.rewritePolicy(request.address, policy);
    const answer = isPage ? withScripts(this.scripts, { headers: rest, body }) : { headers: rest, body };
    answer.headers['content-length'] = answer.body.length;
    response.writeHead(status, answer.headers).end(request.rawMethod === 'HEAD' ? undefined : answer.body);
    this.emit('response', new Response(request, { status, headers, body }));
  }
}
