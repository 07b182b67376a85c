// Requests and responses that the interceptor forwards, with the methods that Playwright has for them.

/**
 * @import { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
 * @typedef {{ status: number, headers: OutgoingHttpHeaders, body: Buffer }} RawResponse
 */

export class Request {
  /**
   * @param {URL} url
   * @param {IncomingMessage} incoming
   * @param {Buffer} body
   */
  constructor(url, incoming, body) {
    this.address = url;
    this.rawMethod = incoming.method ?? 'GET';
    /** @type {IncomingHttpHeaders} */
    this.rawHeaders = incoming.headers;
    this.body = body;
    /** The tab that has sent it, for requests that show it: see `markTab`. */
    this.tab =
      url.pathname === '/app.js' ? (/-tab-=(\d+)/.exec(incoming.headers.cookie ?? '')?.[1] ?? 'no') : undefined;
  }

  url() {
    return this.address.href;
  }

  method() {
    return this.rawMethod;
  }

  headers() {
    return this.rawHeaders;
  }

  async allHeaders() {
    return this.rawHeaders;
  }

  postData() {
    return this.body.length > 0 ? this.body.toString() : null;
  }

  postDataJSON() {
    return JSON.parse(this.postData() ?? 'null');
  }

  isNavigationRequest() {
    return this.rawHeaders['sec-fetch-mode'] === 'navigate' || /^text\/html/.test(this.rawHeaders.accept ?? '');
  }
}

export class Response {
  #request;

  /**
   * @param {Request} request
   * @param {RawResponse} raw
   */
  constructor(request, raw) {
    this.#request = request;
    this.raw = raw;
  }

  request() {
    return this.#request;
  }

  status() {
    return this.raw.status;
  }

  headers() {
    return this.raw.headers;
  }
}

/** A request that waits for what the test decides about it. */
export class Route {
  #request;
  #forward;
  #finish;
  #abort;

  /**
   * @param {Request} request
   * @param {object} actions
   * @param {() => Promise<RawResponse>} actions.forward sends the request to the server
   * @param {(response: RawResponse) => Promise<void>} actions.finish sends a response to the browser
   * @param {() => void} actions.abort closes the connection
   */
  constructor(request, { forward, finish, abort }) {
    this.#request = request;
    this.#forward = forward;
    this.#finish = finish;
    this.#abort = abort;
  }

  request() {
    return this.#request;
  }

  async fetch() {
    return new Response(this.#request, await this.#forward());
  }

  async continue() {
    await this.#finish(await this.#forward());
  }

  /**
   * @param {object} options
   * @param {Response} [options.response]
   * @param {number} [options.status]
   * @param {string} [options.contentType]
   * @param {OutgoingHttpHeaders} [options.headers]
   * @param {unknown} [options.json]
   * @param {string | Buffer} [options.body]
   */
  async fulfill({ response, status = 200, contentType, headers, json, body = '' }) {
    const type = contentType ?? (json === undefined ? undefined : 'application/json');
    const raw = response?.raw ?? {
      status,
      headers: {},
      body: Buffer.from(json === undefined ? body : JSON.stringify(json)),
    };
    await this.#finish({
      ...raw,
      headers: { ...(headers ?? raw.headers), ...(type && { 'content-type': type }) },
    });
  }

  async abort() {
    this.#abort();
  }
}

/** @typedef {string | RegExp | ((url: URL) => boolean)} Pattern */

/**
 * Whether an address matches a pattern, in which `**` stands for anything and `*` for anything but a slash.
 * @param {Pattern} pattern
 * @returns {(url: string) => boolean}
 */
export function matcher(pattern) {
  if (typeof pattern === 'function') return (url) => pattern(new URL(url));
  if (pattern instanceof RegExp) return (url) => pattern.test(url);
  const source = pattern
    .split('**')
    .map((part) => part.split('*').map(escapeRegExp).join('[^/]*'))
    .join('.*');
  const whole = new RegExp(`^${source}$`);
  return (url) => whole.test(url);
}

/** @type {(text: string) => string} */
const escapeRegExp = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
