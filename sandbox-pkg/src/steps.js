// Which step of a login each request is.
import { addressOf } from './address.js';
import { redactPath } from './redact.js';
import { errorOf } from './response-error.js';

/** The number of logins whose later steps are recognized. */
const MAX_FLOWS = 500;

/**
 * A request with its response, as the steps are recognized by.
 * @typedef {object} Exchange
 * @property {string} method
 * @property {string} target path and query
 * @property {Uint8Array} body of the request
 * @property {Pick<import('./instance.js').Response, 'status' | 'headers' | 'body'>} response
 */

/**
 * @typedef {object} Step
 * @property {string} step in words
 * @property {string | null} flow which login or link it belongs to: `login 1`
 */

/**
 * What a step's name may depend on.
 * @typedef {object} Details
 * @property {URLSearchParams} query
 * @property {boolean} isLink whether it belongs to a link
 * @property {boolean} hasFailed whether the response is an error or reports one
 * @property {string} text the body of the request
 */

/**
 * Method, path, and the step's name or how it is found. The first match counts.
 * @type {[string, RegExp, string | ((details: Details) => string)][]}
 */
const STEPS = [
  ['OPTIONS', /./, 'preflight'],
  ['POST', /^\/api\/authentication$/, ({ text, hasFailed }) => begun(isLink(text), hasFailed)],
  ['PATCH', /^\/api\/authentication\/…$/, 'connection chosen'],
  [
    'POST',
    /^\/api\/authentication\/…\/tokens$/,
    ({ hasFailed }) => (hasFailed ? 'exchange refused' : 'code exchanged'),
  ],
  ['POST', /^\/api\/authentication\/oauth\/tokens$/, 'code exchanged by an extension'],
  ['', /^\/sandbox\/verifier\//, ({ hasFailed }) => (hasFailed ? 'verifier refused' : 'verifier')],
  ['GET', /^\/sandbox\/provider\//, 'provider'],
  [
    'POST',
    /^\/sandbox\/provider\//,
    ({ text }) => (new URLSearchParams(text).has('cancel') ? 'cancelled' : 'person chosen'),
  ],
  ['GET', /^\/login$/, callback],
  ['PATCH', /^\/api\/session$/, ({ hasFailed }) => (hasFailed ? 'no session' : 'session renewed')],
  ['DELETE', /^\/api\/session$/, 'session ended'],
  ['GET', /^\/logout$/, 'logout'],
  ['', /^\/api\/session\//, 'account'],
  ['', /^\/settings$/, 'settings page'],
  ['', /\/\.well-known\//, 'keys and discovery'],
  ['', /^\/sandbox\/pictures\//, 'picture'],
  ['', /^\/sandbox\/(?:faults|clock|dialect|code-lifetime|log)$/, 'change of the sandbox'],
  ['', /^\/$/, ({ query }) => (query.has('client_id') ? 'login of an extension begun' : 'start page')],
  ['', /^\/v\d\//, "the shop's server"],
];

/** Recognizes the steps of the logins of one sandbox. It knows their states and must not show them. */
export class Flows {
  /** @type {Map<string, { name: string, isLink: boolean }>} by state */
  #flows = new Map();
  #count = 0;

  /**
   * @param {Exchange} exchange
   * @returns {Step}
   */
  recognize({ method, target, body, response }) {
    const { path, query } = addressOf(target);
    const text = Buffer.from(body).toString();
    const hasFailed = response.status >= 400 || errorOf(response) !== null;
    if (method === 'POST' && path === '/api/authentication' && !hasFailed) this.#begin(text, response.body);
    const flow = this.#flows.get(stateIn(path, query, response.body, method)) ?? null;
    const details = { query, isLink: flow?.isLink ?? false, hasFailed, text };
    const shown = redactPath(path);
    const [, , step] = STEPS.find(([only, route]) => (only === '' || only === method) && route.test(shown)) ?? [];
    return { step: (typeof step === 'function' ? step(details) : step) ?? 'other', flow: flow?.name ?? null };
  }

  /**
   * @param {string} text the request's body
   * @param {Uint8Array} responseBody
   */
  #begin(text, responseBody) {
    const state = json(Buffer.from(responseBody).toString())?.authenticationRequestId;
    if (typeof state !== 'string') return;
    this.#count += 1;
    this.#flows.set(state, { name: `${isLink(text) ? 'link' : 'login'} ${this.#count}`, isLink: isLink(text) });
    const [oldest] = this.#flows.keys();
    if (this.#flows.size > MAX_FLOWS) this.#flows.delete(oldest);
  }
}

/**
 * The state of the login that a request belongs to.
 * @param {string} path
 * @param {URLSearchParams} query
 * @param {Uint8Array} responseBody
 * @param {string} method
 * @returns {string}
 */
function stateIn(path, query, responseBody, method) {
  if (path === '/api/authentication' && method === 'POST')
    return json(Buffer.from(responseBody).toString())?.authenticationRequestId ?? '';
  return /^\/api\/authentication\/([^/]+)/.exec(path)?.[1] ?? query.get('state') ?? '';
}

/**
 * @param {boolean} isLink
 * @param {boolean} hasFailed
 */
const begun = (isLink, hasFailed) => `${isLink ? 'link' : 'login'} ${hasFailed ? 'refused' : 'begun'}`;

/** @param {string} text of `POST /api/authentication` */
const isLink = (text) => json(text)?.linkIdentity === true;

/** @param {Details} details */
function callback({ query, isLink, hasFailed }) {
  if (query.has('error')) return 'login cancelled';
  if (!query.has('code')) return hasFailed ? 'login refused' : 'login opened in the browser';
  if (hasFailed) return isLink ? 'link refused' : 'code refused';
  return isLink ? 'identity linked' : 'code verified';
}

/**
 * @param {string} text
 * @returns {any} `undefined` if it is not JSON
 */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
