// What may be shown of a request. States, codes, nonces, tokens and ids of people never leave the process, so only what is
// known to be harmless is shown, and everything else as `…`.
import { addressOf } from './address.js';

const HIDDEN = '…';
/** `/api`, `/.well-known/openid-configuration`, `/v1`: words that stand in routes. */
const WORD = /^(?:\.?[a-z]+(?:[-.][a-z]+)*|v\d)$/;
const LONGEST_WORD = 24;
/** Ids of connections, service clients, applications and extensions; pages contain them in plain text. */
const PUBLIC_ID = /^(?:con|sc|app|ext)_[\w-]{1,64}$/;
const NAME = /^[a-z_]{1,32}$/i;
/** Parameters whose values are one of few words. */
const WORDS = new Set(['error', 'errorCode', 'response_type', 'code_challenge_method', 'cancel']);
const IDS = new Set(['client_id', 'connectionId']);
const URLS = new Set(['iss', 'redirect_uri']);
const LONGEST_TEXT = 240;

/**
 * The path and query of a request as they may be shown.
 * @param {string} target
 */
export function redactTarget(target) {
  const { path, query } = addressOf(target);
  const parameters = [...query].map(([name, value]) =>
    NAME.test(name) ? `${name}=${redactValue(name, value)}` : HIDDEN,
  );
  return redactPath(path) + (parameters.length > 0 ? `?${parameters.join('&')}` : '');
}

/**
 * The path of a request as it may be shown.
 * @param {string} path
 */
export function redactPath(path) {
  return path
    .split('/')
    .map((segment) => (segment === '' || isWord(segment) || PUBLIC_ID.test(segment) ? segment : HIDDEN))
    .join('/');
}

/**
 * A sentence of an error response, without what it may quote of the request.
 * @param {string} text
 */
export function redactText(text) {
  const redacted = text
    .replace(/"[^"]*"/g, `"${HIDDEN}"`)
    .replace(/(https?:\/\/[^\s?#]*)[?#]\S*/g, `$1?${HIDDEN}`)
    // Ids, codes and JSON Web Tokens have digits, names of errors have none.
    .replace(/[\w-]{16,}(?:\.[\w-]+)*/g, (word) => (/\d/.test(word) ? HIDDEN : word));
  return redacted.length > LONGEST_TEXT ? redacted.slice(0, LONGEST_TEXT) + HIDDEN : redacted;
}

/** @param {string} segment */
const isWord = (segment) => segment.length <= LONGEST_WORD && WORD.test(segment);

/**
 * @param {string} name
 * @param {string} value
 */
function redactValue(name, value) {
  if (WORDS.has(name) && /^[a-z_\d]{1,40}$/i.test(value)) return value;
  if (IDS.has(name) && PUBLIC_ID.test(value)) return value;
  if (URLS.has(name) && URL.canParse(value)) {
    const { origin, pathname, search } = new URL(value);
    return origin + redactPath(pathname) + (search ? `?${HIDDEN}` : '');
  }
  return HIDDEN;
}
