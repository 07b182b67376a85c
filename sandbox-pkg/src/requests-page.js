// The page at /sandbox that shows requests as they happen, its files, its events, and what its buttons change.
import { readFileSync } from 'node:fs';

import { addressOf } from './address.js';
import { EventStreams } from './event-stream.js';

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { Instance } from './instance.js'
 * @import { RequestHistory } from './request-history.js'
 */

export const PAGE_PATH = '/sandbox';
const EVENTS_PATH = '/sandbox/requests';
const DIALECT_PATH = '/sandbox/requests/dialect';

/** @type {(name: string) => Buffer} */
const file = (name) => readFileSync(new URL(`../page/${name}`, import.meta.url));

/** @type {Map<string, { type: string, content: Buffer }>} */
const FILES = new Map([
  [PAGE_PATH, { type: 'text/html; charset=utf-8', content: file('index.html') }],
  ['/sandbox/page.css', { type: 'text/css; charset=utf-8', content: file('page.css') }],
  ['/sandbox/page.js', { type: 'text/javascript; charset=utf-8', content: file('page.js') }],
  ['/sandbox/row.js', { type: 'text/javascript; charset=utf-8', content: file('row.js') }],
  ['/sandbox/controls.js', { type: 'text/javascript; charset=utf-8', content: file('controls.js') }],
  ['/sandbox/icon.svg', { type: 'image/svg+xml', content: file('icon.svg') }],
]);

/** The page may load what is here and send requests to here, and nothing else. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The names of this machine. A page whose own name leads here (DNS rebinding) gets nothing. */
const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

export class RequestsPage {
  #history;
  #instance;
  #streams;

  /**
   * @param {RequestHistory} history
   * @param {Instance} instance
   */
  constructor(history, instance) {
    this.#history = history;
    this.#instance = instance;
    this.#streams = new EventStreams(history);
  }

  /**
   * Responds to a request of the page.
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @param {Buffer} body
   * @returns whether it was one
   */
  respond(request, response, body) {
    const { path, query } = addressOf(request.url ?? '/');
    const page = FILES.get(path);
    if (!page && path !== EVENTS_PATH && path !== DIALECT_PATH) return false;
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const { method } = request;
    if (!isFromThisMachine(request)) return end(response, 421, 'Use the address that the sandbox prints at its start.');
    if (page && (method === 'GET' || method === 'HEAD')) {
      response.writeHead(200, { 'content-type': page.type }).end(page.content);
      return true;
    }
    if (page) return end(response, 405, 'Only GET.', { allow: 'GET, HEAD' });
    if (isFromAnotherPage(request)) return end(response, 403, 'Other pages may not use this.');
    if (path === EVENTS_PATH && method === 'GET') {
      this.#streams.open(request, response, query);
      return true;
    }
    if (path === EVENTS_PATH && method === 'DELETE') {
      this.#history.clear();
      return end(response, 204);
    }
    if (path === DIALECT_PATH && method === 'POST') return this.#setDialect(response, body);
    return end(response, 405, 'This path does not have this method.', { allow: 'GET, DELETE, POST' });
  }

  /**
   * Named dialects; `/sandbox/dialect` changes single switches.
   * @param {ServerResponse} response
   * @param {Buffer} body JSON
   */
  #setDialect(response, body) {
    try {
      this.#instance.setDialect(JSON.parse(body.toString()));
      return end(response, 204);
    } catch (error) {
      return end(response, 400, error instanceof Error ? error.message : String(error));
    }
  }
}

/**
 * Whether the buttons of the page have sent this request. Browsers set both headers, and no page can change them. Pages of
 * the sandbox's origin are its own; other pages may not control it.
 * @param {IncomingMessage} request
 */
export const isFromRequestsPage = ({ headers }) =>
  headers['sec-fetch-site'] === 'same-origin' && headers.origin === `http://${headers.host}`;

/**
 * Whether a page of another origin has sent this request. Programs send no such header, and browsers `none` for an address
 * that was typed.
 * @param {IncomingMessage} request
 */
const isFromAnotherPage = ({ headers }) =>
  !['same-origin', 'none', undefined].includes(String(headers['sec-fetch-site'] ?? 'none'));

/** @param {IncomingMessage} request */
function isFromThisMachine({ headers }) {
  const address = `http://${headers.host ?? ''}`;
  return URL.canParse(address) && LOOPBACK_NAMES.has(new URL(address).hostname);
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {string} [sentence]
 * @param {import('node:http').OutgoingHttpHeaders} [headers]
 */
function end(response, status, sentence, headers) {
  response.writeHead(status, { ...(sentence && { 'content-type': 'text/plain; charset=utf-8' }), ...headers });
  response.end(sentence && `${sentence}\n`);
  return true;
}
