// An intercepting proxy between one WebKit profile and the servers, for what WebKit's driver cannot do: it shows the
// requests, responds in a server's place, takes the network away, runs scripts before those of pages, and receives what
// these scripts report.

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';

import { portOf } from '../../ports.mjs';
import { withScripts } from './init-scripts.mjs';
import { Request, Response, Route, matcher } from './request.mjs';
import { accept } from './socks.mjs';

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { Socket } from 'node:net'
 * @import { StackDescription } from '../../stack.mjs'
 * @import { Pattern, RawResponse } from './request.mjs'
 */

/** @typedef {(route: Route) => unknown} RouteHandler */

/** Addresses of the interceptor itself, on every host. */
const OWN_PATH = '/-interceptor-/';

/** Emits `request`, `response`, `requestfailed`, and `report` with what a page reports. */
export class Interceptor extends EventEmitter {
  isOffline = false;
  /**
   * Scripts, or functions that return them, that run in every document before its own ones.
   * @type {(string | (() => string))[]}
   */
  scripts = [];
  /**
   * Rewrites the Content-Security-Policy of a page.
   * @type {(url: URL, policy: string) => string}
   */
  rewritePolicy = (_, policy) => policy;
  /** @type {{ pattern: Pattern, matches: (url: string) => boolean, handler: RouteHandler, tab?: string }[]} */
  #routes = [];
  #addresses;
  /** @type {Set<Socket>} */
  #sockets = new Set();
  #plain = createHttpServer((request, response) => void this.#receive(request, response));
  /** With the servers' own certificate. */
  #secure;
  #server = createServer((socket) => void this.#connect(socket));

  /** @param {Pick<StackDescription, 'addresses' | 'tls'>} stack */
  constructor({ addresses, tls }) {
    super();
    this.setMaxListeners(50);
    this.#addresses = addresses;
    const certificate = tls && { cert: readFileSync(tls.certificate), key: readFileSync(tls.privateKey) };
    this.#secure = createHttpsServer(certificate ?? {}, (request, response) => void this.#receive(request, response));
  }

  /** @param {Pick<StackDescription, 'addresses' | 'tls'>} stack */
  static async start(stack) {
    const interceptor = new Interceptor(stack);
    interceptor.#server.listen(0, '127.0.0.1');
    await once(interceptor.#server, 'listening');
    return interceptor;
  }

  /** The address of the SOCKS proxy. */
  get address() {
    return `127.0.0.1:${portOf(this.#server)}`;
  }

  /**
   * The address of an empty page of this origin, which reaches no server.
   * @param {string} origin
   */
  static blank(origin) {
    return `${origin}${OWN_PATH}blank`;
  }

  /** Where scripts of pages send their reports. */
  static get reportPath() {
    return `${OWN_PATH}report`;
  }

  /**
   * Adds a route. A request goes to the handler of the last route that matches; of the routes of tabs, to those of its own
   * tab.
   * @param {Pattern} pattern
   * @param {RouteHandler} handler
   * @param {string} [tab]
   */
  addRoute(pattern, handler, tab) {
    this.#routes.unshift({ pattern, matches: matcher(pattern), handler, tab });
  }

  /**
   * @param {Pattern} pattern
   * @param {string} [tab]
   */
  removeRoute(pattern, tab) {
    this.#routes = this.#routes.filter((route) => route.pattern !== pattern || route.tab !== tab);
  }

  async close() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** @param {Socket} socket */
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

  /**
   * @param {IncomingMessage} incoming
   * @param {ServerResponse} response
   * @returns {Promise<unknown>}
   */
  async #receive(incoming, response) {
    const scheme = 'encrypted' in incoming.socket && incoming.socket.encrypted ? 'https' : 'http';
    const url = new URL(incoming.url ?? '', `${scheme}://${incoming.headers.host}`);
    let body;
    try {
      body = await bodyOf(incoming);
    } catch {
      return undefined;
    }
    // WebKit itself requests a favicon of every host.
    if (url.pathname === '/favicon.ico') return response.writeHead(204).end();
    if (url.pathname.startsWith(OWN_PATH)) return this.#respondItself(url, body, response);

    const request = new Request(url, incoming, body);
    this.emit('request', request);
    response.on('close', () => {
      if (!response.writableFinished) this.emit('requestfailed', request);
    });
    if (this.isOffline) return response.destroy();
    /** @type {(tab: string | undefined) => boolean} */
    const isOfTab = (tab) => !tab || !request.tab || tab === request.tab;
    const route = this.#routes.find(({ matches, tab }) => matches(url.href) && isOfTab(tab));
    const forward = () => this.#forward(request);
    /** @type {(raw: RawResponse) => Promise<void>} */
    const finish = async (raw) => this.#finish(request, response, raw);
    try {
      if (route) await route.handler(new Route(request, { forward, finish, abort: () => response.destroy() }));
      else await finish(await forward());
    } catch {
      // The server has closed the connection, or the handler belongs to a page that was closed.
      response.destroy();
    }
    return undefined;
  }

  /**
   * @param {URL} url
   * @param {Buffer} body
   * @param {ServerResponse} response
   */
  #respondItself(url, body, response) {
    if (url.pathname === Interceptor.reportPath) this.emit('report', JSON.parse(body.toString()));
    response
      .writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' })
      .end('<!doctype html><title>blank</title>');
  }

  /**
   * Sends a request to its server.
   * @param {Request} request
   * @returns {Promise<RawResponse>}
   */
  async #forward({ address, rawMethod: method, rawHeaders, body }) {
    const isHttps = address.protocol === 'https:';
    const target = isHttps ? this.#addresses[`${address.hostname}:${address.port || 443}`] : address.host;
    const [host, port] = target.split(':');
    /** @type {Record<string, string | string[] | undefined>} */
    const headers = { ...rawHeaders, connection: 'close' };
    // Pages are changed on the way, for which they must not be compressed.
    for (const name of ['accept-encoding', 'if-none-match', 'if-modified-since']) delete headers[name];
    const sent = (isHttps ? httpsRequest : httpRequest)({
      host: host === 'localhost' ? '127.0.0.1' : host,
      port,
      method,
      headers,
      path: address.pathname + address.search,
      servername: address.hostname,
      rejectUnauthorized: false,
    });
    sent.end(body);
    /** @type {IncomingMessage[]} */
    const [response] = await once(sent, 'response');
    return { status: response.statusCode ?? 502, headers: response.headers, body: await bodyOf(response) };
  }

  /**
   * Sends a response to the browser.
   * @param {Request} request
   * @param {ServerResponse} response
   * @param {RawResponse} raw
   */
  #finish(request, response, { status, headers, body }) {
    if (response.destroyed) return;
    const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...rest } = headers;
    const isPage = /^text\/html/.test(String(headers['content-type'] ?? ''));
    const policy = rest['content-security-policy'];
    if (policy) rest['content-security-policy'] = this.rewritePolicy(request.address, String(policy));
    const sent = isPage ? withScripts(this.scripts, { headers: rest, body }) : { headers: rest, body };
    sent.headers['content-length'] = sent.body.length;
    response.writeHead(status, sent.headers).end(request.rawMethod === 'HEAD' ? undefined : sent.body);
    this.emit('response', new Response(request, { status, headers, body }));
  }
}

/** @param {IncomingMessage} message */
async function bodyOf(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
