// Which access tokens are accepted. The rules are those of crates/access-token/src/policy.rs; tests/vectors and the crate's
// own vectors hold both to them.
import { MAX_USER_ID_BYTES } from '../../generated/access-token.js';
import { SERVICE_CLIENT_PREFIX } from '../../generated/constants.js';
import { ShopperError } from './errors.js';
import { verifySignature } from './jws.js';

/**
 * @import { Shopper } from 'authress-login-wasm/server'
 * @import { PublicKey } from './jws.js'
 * @typedef {object} Policy
 * @property {ReturnType<typeof import('./issuers.js').acceptedIssuers>} issuers
 * @property {string} applicationId
 * @property {string | null} audience
 * @property {number} leewaySeconds
 */

/**
 * Verifies a token at `now` in seconds since 1970. `issuer` is one of the policy's issuers and `keys` are its published
 * keys: the caller has selected them by the unverified `iss`, which is verified here.
 * @param {Policy} policy
 * @param {string} token
 * @param {string} issuer
 * @param {readonly PublicKey[]} keys
 * @param {number} now
 * @returns {Promise<Shopper>}
 */
export async function verifyToken(policy, token, issuer, keys, now) {
  const { typ, claims } = await verifySignature(token, keys, ['EdDSA', 'RS512']);
  // RFC 9068 section 2.1, with the short and the long form of media types (RFC 7515 section 4.1.9).
  if (!/^(?:application\/)?at\+jwt$/i.test(typ ?? '')) throw new ShopperError('TokenWrongType');
  const named = policy.issuers.read(textOf(claims.iss) ?? '');
  if (named?.issuer !== issuer) throw new ShopperError('TokenOtherIssuer');
  checkTimes(claims, now, policy.leewaySeconds);
  if (policy.audience !== null && !hasAudience(claims.aud, policy.audience))
    throw new ShopperError('TokenOtherAudience');
  const userId = userIdOf(claims.sub);
  if (userId === undefined) throw new ShopperError('TokenNoUserId');
  // A service client has its own key: without this rule it could sign tokens for any user.
  if (named.serviceClient !== null && named.serviceClient !== userId) throw new ShopperError('TokenOtherSubject');
  if (named.serviceClient === null && claims.client_id !== policy.applicationId)
    throw new ShopperError('TokenOtherApplication');
  const connectionId = textOf(claims.azp) || null;
  const isAnonymous = connectionId?.startsWith(SERVICE_CLIENT_PREFIX) ?? false;
  return Object.freeze({ userId, isAnonymous, connectionId, claims });
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === 'string' ? value : undefined);

/**
 * A user id that a shop can store data by: not empty and not too long.
 * @param {unknown} value
 */
export function userIdOf(value) {
  const isUserId = typeof value === 'string' && value !== '' && byteLength(value) <= MAX_USER_ID_BYTES;
  return isUserId ? value : undefined;
}

/** @param {string} text */
const byteLength = (text) => new TextEncoder().encode(text).length;

/**
 * RFC 7519 section 4.1.4: on or after `exp` a token must not be accepted.
 * @param {Record<string, unknown>} claims
 * @param {number} now
 * @param {number} leeway
 */
function checkTimes(claims, now, leeway) {
  const exp = wholeSeconds(claims, 'exp');
  if (exp === undefined) throw new ShopperError('TokenMalformed');
  if (now >= exp + leeway) throw new ShopperError('TokenExpired');
  const nbf = wholeSeconds(claims, 'nbf');
  if (nbf !== undefined && nbf > now + leeway) throw new ShopperError('TokenNotYetValid');
}

/**
 * A NumericDate (RFC 7519 section 2), truncated to whole seconds.
 * @param {Record<string, unknown>} claims
 * @param {string} name
 */
function wholeSeconds(claims, name) {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value !== 'number' || !(Math.abs(value) < 1e15)) throw new ShopperError('TokenMalformed');
  return Math.trunc(value);
}

/**
 * @param {unknown} aud
 * @param {string} audience
 */
const hasAudience = (aud, audience) => aud === audience || (Array.isArray(aud) && aud.includes(audience));
