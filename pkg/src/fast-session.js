// The fast path: a stored session that is not in doubt, or certainly none, without the module.
//
// The rules are those of crates/protocol, and narrower: where this file returns nothing, the module decides. Shared vectors
// hold both to the same results (tests/vectors/README.md).
import { documentProperty } from './document.js';
import {
  AUTHORIZATION_COOKIE,
  CALLBACK_KEY_PREFIX,
  EXPIRY_MARGIN_S,
  NONCE_PARAMETER,
  SERVICE_CLIENT_PREFIX,
  SESSION_KEY,
  SHORT_TOKEN_S,
  TOKEN_PARAMETERS,
} from '../generated/constants.js';

/** @import { UserIdentity } from 'authress-login-wasm' */

/**
 * Whether the module has to handle the address, or a callback of this tab is unfinished. Which browser began the login, the
 * module finds out: it also removes from the address what another browser's callback has left there. The core has the same
 * rule: tests/vectors/callback-url.json.
 */
export function isCallback() {
  const query = new URLSearchParams(globalThis.location?.search);
  const hasValue = (/** @type {string} */ name) => query.getAll(name).some(Boolean);
  if (
    hasValue(NONCE_PARAMETER) ||
    TOKEN_PARAMETERS.some((name) => query.has(name)) ||
    (hasValue('code') && hasValue('iss') && !query.has('state'))
  )
    return true;
  try {
    return Object.keys(sessionStorage).some((key) => key.startsWith(CALLBACK_KEY_PREFIX));
  } catch {
    return false; // The storage of this page cannot be read.
  }
}

// As strict as the module: neither invalid bytes nor a byte order mark are claims.
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// The claims of a JWT; its second part is base64url (RFC 7519 section 3).
/** @type {(token: string) => any} */
function claims(token) {
  const letters = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(UTF_8.decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
}

/**
 * The access tokens that script can read.
 * @returns {string[]}
 */
const accessTokens = () =>
  String(documentProperty('cookie') ?? '')
    .split(/; */)
    .filter((pair) => pair.startsWith(`${AUTHORIZATION_COOKIE}=`))
    .map((pair) => pair.slice(AUTHORIZATION_COOKIE.length + 1));

/**
 * Whether a request to `url` may carry the access token: to the page's own origin, or one of `tokenOrigins`. A token that
 * came over https never leaves over http. The core has the same rule: tests/vectors/token-origins.json.
 * @param {string} url
 * @param {string} tokenOrigins with spaces between them
 */
export function maySendTokenTo(url, tokenOrigins) {
  const { origin, protocol } = new URL(url);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && location.protocol !== 'https:');
  return isSafe && [location.origin, ...tokenOrigins.split(' ')].includes(origin);
}

/**
 * The stored session; undefined if there is any doubt.
 * @param {string} origin of the Authress host
 * @param {string} applicationId of the session
 * @returns {{ token: string, identity: UserIdentity, record: string } | undefined}
 */
export function storedSession(origin, applicationId) {
  try {
    // A callback is handled first.
    if (isCallback()) return undefined;
    const record = localStorage.getItem(SESSION_KEY);
    // The usual case of a first visit, in which an exception would take longer than everything else here.
    if (!record) return undefined;
    const { idToken, expiry, sessionOrigin: recorded } = JSON.parse(record);
    if (!(expiry > Date.now())) return undefined;
    const tokens = accessTokens();
    const [token] = tokens;
    if (tokens.length !== 1 || token.includes('%')) return undefined;
    const [user, access] = [claims(idToken), claims(token)];
    const isOurs = user.iss === origin && access.iss === origin && access.client_id === applicationId;
    const isOneUser = user.sub && typeof user.sub === 'string' && user.sub === access.sub;
    if (!isOurs || !isOneUser || !user.exp || !Number.isSafeInteger(user.exp)) return undefined;
    // The margin before the end of a short token is shorter.
    if (user.exp - user.iat < SHORT_TOKEN_S) return undefined;
    // A service client began the session, and no identity provider. Identity cookies may come without the connection.
    const connection = [access.azp, user.azp].find((azp) => azp && typeof azp === 'string');
    const isAnonymous = Boolean(connection?.startsWith(SERVICE_CLIENT_PREFIX));
    // The published client stores no origin: such a session counts as begun.
    const sessionOrigin = recorded === 'found' ? recorded : 'begun';
    const exp = user.exp - EXPIRY_MARGIN_S;
    return { token, identity: { ...user, userId: user.sub, exp, isAnonymous, sessionOrigin }, record };
  } catch {
    return undefined; // The record or a token has another form.
  }
}

/** Whether nothing of a session or a callback is here. Cookies alone are no session. */
function isEmpty() {
  try {
    return !isCallback() && localStorage.getItem(SESSION_KEY) === null;
  } catch {
    return false; // The storage of this page cannot be read.
  }
}

/**
 * The last two labels of a host, with its port.
 * @param {string} host
 */
const site = (host) => host.split('.').slice(-2).join('.');

/**
 * Whether cookies may reach Authress from this page. Where this is `false` the core says so too
 * (tests/vectors/reachable-cookies.json).
 * @param {string} origin of Authress
 */
export function mayReachAuthress(origin) {
  const { protocol, hostname, host } = location;
  const isLocalhost = hostname === 'localhost' || hostname === '127.0.0.1';
  return protocol === 'https:' && !isLocalhost && site(host) === site(new URL(origin).host);
}

/**
 * A session's state as it is known without the module. The status is `checking` if nothing is stored and Authress may have a
 * session.
 * @typedef {{ status: 'anonymous' | 'signed-in', userIdentity: UserIdentity, token: string, record: string }
 *   | { status: 'signed-out' | 'checking', userIdentity: null, token?: undefined, record?: undefined }} FastSession
 */

/**
 * The state of the session without the module; undefined if there is any doubt, or a callback to handle.
 * @param {string} origin of the Authress host
 * @param {string} applicationId
 * @returns {FastSession | undefined}
 */
export function fastSession(origin, applicationId) {
  const stored = storedSession(origin, applicationId);
  if (stored) {
    const { identity, token, record } = stored;
    return { status: identity.isAnonymous ? 'anonymous' : 'signed-in', userIdentity: identity, token, record };
  }
  if (!isEmpty()) return undefined;
  return { status: mayReachAuthress(origin) ? 'checking' : 'signed-out', userIdentity: null };
}
