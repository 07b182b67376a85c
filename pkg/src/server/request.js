// The token of a request: the bearer token, else the cookie that the login client sets.
import { AUTHORIZATION_COOKIE } from '../../generated/constants.js';
import { ShopperError } from './errors.js';
import { isLoopback } from './issuers.js';

/**
 * @import { ShopperRequest } from 'authress-login-wasm/server'
 * @typedef {object} RequestRules
 * @property {boolean} acceptCookie
 * @property {readonly string[]} origins from which requests with the cookie may change something, beside the request's own
 */

/** Methods that change nothing (RFC 9110 section 9.2.1), so that it does not matter which page has sent them. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The values of a header: of a `Headers` object, or of an object of Node.js or a framework in which a header has one value
 * or a list.
 * @param {ShopperRequest} request
 * @param {string} name in lower case
 * @returns {string[]}
 */
function headerValues(request, name) {
  const { headers } = request;
  if (typeof headers?.get === 'function') {
    const value = headers.get(name);
    return typeof value === 'string' ? [value] : [];
  }
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError('shopperOf needs a request: an object with headers, and with its method if it has a cookie');
  return Object.entries(headers).flatMap(([key, value]) => (key.toLowerCase() === name ? (value ?? []) : []));
}

/**
 * Whether the request has several `Authorization` headers. Node.js keeps the first one in `headers`, without a word.
 * @param {ShopperRequest} request
 */
const hasSeveral = ({ rawHeaders }) =>
  Array.isArray(rawHeaders) &&
  rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;

/**
 * The access token of a request.
 *
 * A bearer token (RFC 6750 section 2.1) comes before the cookie: a page sends it on purpose. Another scheme, such as the
 * password of a preview site, says nothing about the shopper. Tokens in the query or a form are not accepted, because they
 * end up in logs.
 * @param {ShopperRequest} request
 * @param {RequestRules} rules
 */
export function tokenOf(request, rules) {
  const values = headerValues(request, 'authorization');
  const isBearer = values.some((value) => /^bearer(?: |$)/i.test(value));
  if (isBearer) {
    // The Fetch API joins several headers with a comma, which no token has.
    const [, token] = /^bearer ([^\s,]+)$/i.exec(values[0]) ?? [];
    if (token === undefined || values.length > 1 || hasSeveral(request)) throw new ShopperError('TokenMissing');
    return token;
  }
  const token = rules.acceptCookie ? cookieOf(request) : undefined;
  if (token === undefined) throw new ShopperError('TokenMissing');
  if (!isFromThisSite(request, rules.origins)) throw new ShopperError('CrossSiteRequest');
  return token;
}

/**
 * The value of the cookie. Several different ones are none: a page of another host of the same site can set a cookie for
 * this host too, and nothing tells which one is the client's.
 * @param {ShopperRequest} request
 */
function cookieOf(request) {
  const prefix = `${AUTHORIZATION_COOKIE}=`;
  const pairs = headerValues(request, 'cookie').flatMap((value) => value.split(';'));
  const named = pairs.map((pair) => pair.trim()).filter((pair) => pair.startsWith(prefix) && pair !== prefix);
  const tokens = new Set(named.map((pair) => pair.slice(prefix.length)));
  return tokens.size === 1 ? [...tokens][0] : undefined;
}

/**
 * Whether a request may use the cookie. Browsers add the cookie to requests of any page of the same site, also of a host
 * that another party controls, so a request that changes something has to come from a page of this origin. Fetch Metadata
 * says so, and in browsers without it the header `Origin`.
 * @param {ShopperRequest} request
 * @param {readonly string[]} origins
 */
function isFromThisSite(request, origins) {
  // A WebSocket begins with a GET request, and is not bound by the rules for reading responses of other origins.
  const isSafe = SAFE_METHODS.has(request.method ?? '') && headerValues(request, 'upgrade').length === 0;
  if (isSafe) return true;
  const [origin] = headerValues(request, 'origin');
  if (origin !== undefined && origins.includes(origin)) return true;
  const [site] = headerValues(request, 'sec-fetch-site');
  // `none`: the user began it, not a page.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return origin !== undefined && isOwnOrigin(origin, request);
}

/**
 * Whether an origin is that of the request. Behind a proxy the server does not know its scheme: the host counts.
 * @param {string} origin
 * @param {ShopperRequest} request
 */
function isOwnOrigin(origin, request) {
  if (!URL.canParse(origin)) return false;
  const { protocol, host, hostname } = new URL(origin);
  const [named] = headerValues(request, 'host');
  const own = named ?? (URL.canParse(request.url ?? '') ? new URL(request.url ?? '').host : undefined);
  return host === own?.toLowerCase() && (protocol === 'https:' || isLoopback(hostname));
}
