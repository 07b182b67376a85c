// Tickets that move a cart to an account that already exists. The format and the rules are those of
// crates/access-token/src/claim_ticket.rs: servers in both languages can share a key. tests/vectors/claim-tickets.json holds
// both to them.
import { SignJWT, base64url, exportJWK, importPKCS8 } from 'jose';

import { DEFAULT_LEEWAY_S, TICKET_LIFETIME_S, TICKET_TYPE } from '../../generated/access-token.js';
import { ServerSettingError, ShopperError } from './errors.js';
import { publicKeys, verifySignature } from './jws.js';
import { userIdOf } from './policy.js';
import { callable, safeOrigin, settingsOf, text } from './settings.js';

/** @import { ClaimTickets, ClaimTicketsSettings, SpentTickets } from 'authress-login-wasm/server' */

/** An Ed25519 key in PKCS#8 without the public key: this head, then the 32 bytes of the key (RFC 8410 section 7). */
const PKCS8_HEAD = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const PKCS8_BYTES = PKCS8_HEAD.length + 32;
const ID_BYTES = 16;

/**
 * @param {ClaimTicketsSettings} settings
 * @returns {ClaimTickets}
 */
export function createClaimTickets(settings) {
  const given = settingsOf('settings', settings, ['origin', 'key', 'store', 'now']);
  const origin = safeOrigin('origin', given.origin, 'Set it to the origin of your shop.');
  const { kid, pem } = checkedKey(given.key);
  const store = checkedStore(given.store);
  const clock = callable('now', given.now, () => Date.now());
  const now = () => Math.floor(clock() / 1_000);
  /** @type {ReturnType<typeof keyPair> | undefined} */
  let imported;
  const keys = () => {
    imported ??= keyPair(kid, pem);
    return imported;
  };

  return Object.freeze({
    /** @param {{ userId: string }} shopper */
    async issue(shopper) {
      const userId = checkedUserId(shopper);
      const issued = now();
      const id = base64url.encode(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
      const claims = {
        iss: origin,
        aud: origin,
        sub: userId,
        iat: issued,
        exp: issued + TICKET_LIFETIME_S,
        jti: id,
      };
      const header = { alg: 'EdDSA', kid, typ: TICKET_TYPE };
      return new SignJWT(claims).setProtectedHeader(header).sign((await keys()).privateKey);
    },

    /**
     * @param {unknown} ticket
     * @param {{ userId: string }} shopper
     */
    async redeem(ticket, shopper) {
      const userId = checkedUserId(shopper);
      const { iss, aud, sub, iat, exp, jti } = await claimsOf(ticket, (await keys()).publicKeys);
      if (iss !== origin || aud !== origin) throw new ShopperError('TicketForeign');
      if (!isWholeNumber(iat) || !isWholeNumber(exp)) throw new ShopperError('TicketForged');
      const time = now();
      const isValidNow = iat <= time + DEFAULT_LEEWAY_S && time < exp + DEFAULT_LEEWAY_S;
      if (!isValidNow || exp - iat > TICKET_LIFETIME_S) throw new ShopperError('TicketExpired');
      const owner = userIdOf(sub);
      if (owner === undefined || typeof jti !== 'string') throw new ShopperError('TicketForged');
      // Checked before the ticket is spent: a page that is too early may try again after the sign-in.
      if (owner === userId) throw new ShopperError('TicketSameUser');
      // Until no clock of the shop accepts the ticket any more.
      const expiresAt = (exp + 2 * DEFAULT_LEEWAY_S) * 1_000;
      if (!(await isFirstUse(store, jti, expiresAt))) throw new ShopperError('TicketAlreadyUsed');
      return owner;
    },
  });
}

/**
 * @param {SpentTickets} store
 * @param {string} id
 * @param {number} expiresAt
 */
async function isFirstUse(store, id, expiresAt) {
  let isFirst;
  try {
    isFirst = await store.spend(id, expiresAt);
  } catch (cause) {
    throw new ShopperError('TicketUnavailable', { cause });
  }
  // Clients of stores return 'OK', 1 or null: taken for a boolean, one of them would let a ticket be used again.
  if (typeof isFirst === 'boolean') return isFirst;
  const cause = new TypeError('spend() of the setting store must return true or false');
  throw new ShopperError('TicketUnavailable', { cause });
}

/**
 * @param {unknown} ticket
 * @param {ReturnType<typeof publicKeys>} keys
 */
async function claimsOf(ticket, keys) {
  const forged = (/** @type {unknown} */ cause) => new ShopperError('TicketForged', cause ? { cause } : undefined);
  if (typeof ticket !== 'string') throw forged(undefined);
  const verified = await verifySignature(ticket, keys, ['EdDSA']).catch((error) => {
    throw error instanceof ShopperError ? forged(error) : error;
  });
  if (verified.typ !== TICKET_TYPE) throw forged(undefined);
  return verified.claims;
}

/** @type {(value: unknown) => value is number} */
const isWholeNumber = (value) => Number.isSafeInteger(value);

/** @param {unknown} shopper */
function checkedUserId(shopper) {
  const userId = userIdOf(/** @type {any} */ (shopper)?.userId);
  if (userId !== undefined) return userId;
  throw new TypeError('Claim tickets need a shopper as shopperOf() returns it, with a userId');
}

/**
 * @param {string} kid
 * @param {string} pem
 */
async function keyPair(kid, pem) {
  // Extractable, because only an export has the public key.
  const extractable = await importPKCS8(pem, 'EdDSA', { extractable: true });
  const { kty, crv, x } = await exportJWK(extractable);
  return { privateKey: extractable, publicKeys: publicKeys({ keys: [{ kty, crv, x, kid }] }) };
}

/** @param {unknown} key */
function checkedKey(key) {
  const { id, privateKey } = settingsOf('key', key, ['id', 'privateKey']);
  const kid = text('key.id', id);
  const hint = 'Make one with `openssl genpkey -algorithm ed25519`.';
  const der = text('key.privateKey', privateKey, hint).replace(/-----(?:BEGIN|END) PRIVATE KEY-----|\s/g, '');
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(der) ? Uint8Array.from(binary(der), (it) => it.charCodeAt(0)) : [];
  if (bytes.length !== PKCS8_BYTES || PKCS8_HEAD.some((byte, index) => bytes[index] !== byte))
    throw new ServerSettingError('key.privateKey', `must be an Ed25519 key in PKCS#8, as PEM or base64. ${hint}`);
  return { kid, pem: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----` };
}

/** @param {string} base64 */
function binary(base64) {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}

/**
 * @param {unknown} store
 * @returns {SpentTickets}
 */
function checkedStore(store) {
  if (typeof (/** @type {any} */ (store)?.spend) === 'function') return /** @type {SpentTickets} */ (store);
  throw new ServerSettingError(
    'store',
    'must have a method spend(id, expiresAt). For one process use memoryStore(), for several a store that they share.',
  );
}
