// The form and the signature of tokens, by jose. Claims are checked by policy.js and claim-tickets.js.
//
// The rules are those of crates/jws: each key is for one algorithm, so a token cannot choose it; every token has one valid
// form, and one reading.
import { base64url, compactVerify, importJWK } from 'jose';

import { MAX_TOKEN_BYTES } from '../../generated/access-token.js';
import { ShopperError } from './errors.js';

/**
 * @typedef {'EdDSA' | 'RS512'} Algorithm
 * @typedef {object} PublicKey
 * @property {string} kid
 * @property {Algorithm} alg
 * @property {number} signatureBytes the length of its signatures
 * @property {() => ReturnType<typeof importJWK>} imported
 * @typedef {Record<string, unknown>} Json a parsed object
 */

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes of canonical base64url without padding; undefined for any other text.
 * @param {unknown} text
 */
function bytesOf(text) {
  if (typeof text !== 'string' || !/^[\w-]*$/.test(text)) return undefined;
  try {
    const bytes = base64url.decode(text);
    return base64url.encode(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The object in a segment of a token, with its text; undefined if there is none.
 * @param {string | undefined} segment
 * @returns {{ json: string, members: Json } | undefined}
 */
function objectOf(segment) {
  const bytes = bytesOf(segment);
  if (bytes === undefined) return undefined;
  try {
    const json = UTF_8.decode(bytes);
    const members = JSON.parse(json);
    const isObject = typeof members === 'object' && members !== null && !Array.isArray(members);
    return isObject ? { json, members } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a name occurs twice at the top level of an object. Parsers take different values of a repeated name (RFC 7519
 * section 4), and JSON.parse takes the last one without a word.
 * @param {string} json a valid object
 */
export function hasRepeatedName(json) {
  const names = new Set();
  let depth = 0;
  let isName = false;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token !== ',' && isName && depth === 1) {
      const name = JSON.parse(token);
      if (names.has(name)) return true;
      names.add(name);
    }
    // At the top level a string is a name after the first brace and after each comma.
    isName = depth === 1 && (token === '{' || token === ',');
  }
  return false;
}

/**
 * Reads issuer and key id of a token that is not verified: they only select the keys.
 * @param {string} token
 */
export function readUnverified(token) {
  // Bytes and characters are the same in every token that is accepted.
  if (token.length > MAX_TOKEN_BYTES) throw new ShopperError('TokenMalformed');
  const [header, claims] = token.split('.', 2).map(objectOf);
  const { kid } = header?.members ?? {};
  const { iss } = claims?.members ?? {};
  if (!claims || typeof kid !== 'string' || !(iss == null || typeof iss === 'string'))
    throw new ShopperError('TokenMalformed');
  return { kid, iss: iss ?? '' };
}

/**
 * Verifies the form and the signature of a token.
 * @param {string} token
 * @param {readonly PublicKey[]} keys
 * @param {readonly Algorithm[]} algorithms
 * @returns {Promise<{ typ: string | null, claims: Json }>}
 */
export async function verifySignature(token, keys, algorithms) {
  const malformed = () => new ShopperError('TokenMalformed');
  const segments = token.split('.', 4);
  if (segments.length !== 3 || token.length > MAX_TOKEN_BYTES) throw malformed();
  const header = objectOf(segments[0]);
  if (!header || hasRepeatedName(header.json)) throw malformed();
  const { alg, kid, typ } = header.members;
  const isText = (/** @type {unknown} */ value) => value == null || typeof value === 'string';
  // RFC 7515 section 4.1.11: extensions that must be understood. None is supported.
  const isSupported = algorithms.some((known) => known === alg) && !Object.hasOwn(header.members, 'crit');
  if (!isSupported || typeof kid !== 'string' || !isText(typ)) throw malformed();
  const key = keys.find((known) => known.kid === kid && known.alg === alg);
  if (!key) throw new ShopperError('TokenUnknownKey');
  const signature = bytesOf(segments[2]);
  if (signature === undefined) throw malformed();
  const isPlausible = signature.length === key.signatureBytes && !(alg === 'EdDSA' && isSmallOrder(signature));
  if (!isPlausible || !(await isSignedWith(token, key))) throw new ShopperError('TokenInvalidSignature');
  const claims = objectOf(segments[1]);
  if (!claims || hasRepeatedName(claims.json)) throw malformed();
  return { typ: /** @type {string | null} */ (typ ?? null), claims: claims.members };
}

/**
 * @param {string} token
 * @param {PublicKey} key
 */
async function isSignedWith(token, key) {
  try {
    await compactVerify(token, await key.imported(), { algorithms: [key.alg] });
    return true;
  } catch (error) {
    // Anything else is no matter of the token: a runtime without this algorithm, for example.
    if (/** @type {any} */ (error)?.code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') return false;
    throw error;
  }
}

/**
 * The usable keys of a key set. Others are skipped: a tenant that still publishes an old key must not lose the rest.
 * @param {unknown} set a parsed JWKS (RFC 7517 section 5)
 * @returns {PublicKey[]}
 */
export function publicKeys(set) {
  const { keys } = /** @type {Json} */ (set ?? {});
  if (!Array.isArray(keys)) throw new TypeError('the response is not a key set');
  return keys.flatMap((jwk) => publicKey(jwk) ?? []);
}

/**
 * @param {any} jwk
 * @returns {PublicKey | undefined}
 */
function publicKey(jwk) {
  const { kty, crv, kid, alg, use } = jwk ?? {};
  if (typeof kid !== 'string' || !(use == null || use === 'sig')) return undefined;
  if (kty === 'OKP' && crv === 'Ed25519' && (alg == null || alg === 'EdDSA')) {
    const x = withoutPadding(jwk.x);
    const bytes = bytesOf(x);
    if (bytes?.length !== 32 || isSmallOrder(bytes)) return undefined;
    return { kid, alg: 'EdDSA', signatureBytes: 64, imported: once({ kty, crv, x }, 'EdDSA') };
  }
  if (kty === 'RSA' && (alg == null || alg === 'RS512')) {
    const [n, e] = [numberOf(jwk.n), numberOf(jwk.e)];
    const isSane = n && n.length >= 256 && n.length <= 1024 && e && e.length >= 1 && e.length <= 4;
    if (!isSane) return undefined;
    const normal = { kty, n: base64url.encode(n), e: base64url.encode(e) };
    return { kid, alg: 'RS512', signatureBytes: n.length, imported: once(normal, 'RS512') };
  }
  return undefined;
}

/**
 * Imports a key when it is first needed.
 * @param {import('jose').JWK} jwk
 * @param {Algorithm} alg
 */
function once(jwk, alg) {
  /** @type {ReturnType<typeof importJWK> | undefined} */
  let imported;
  return () => {
    imported ??= importJWK(jwk, alg);
    return imported;
  };
}

/**
 * RFC 7518 section 6 does not allow padding in keys. A padded key is the same key, and a service that pads its keys must
 * not make every token invalid.
 * @param {unknown} text
 */
const withoutPadding = (text) => (typeof text === 'string' ? text.replace(/=+$/, '') : undefined);

/**
 * The bytes of a number of a key, without leading zeros.
 * @param {unknown} text
 */
function numberOf(text) {
  const bytes = bytesOf(withoutPadding(text));
  return bytes?.slice([...bytes, 1].findIndex(Boolean));
}

/** Encodings of the points of small order of Ed25519, without the sign of x. Signatures can be forged for such keys. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * Whether the point in the first 32 bytes has a small order: of a key, or of a signature (R).
 * @param {Uint8Array} bytes
 */
function isSmallOrder(bytes) {
  const hex = [...bytes.subarray(0, 32)].map((byte, index) => (index === 31 ? byte & 0x7f : byte));
  return SMALL_ORDER.has(hex.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}
