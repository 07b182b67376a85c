// The one case that needs no module: a session is stored here, and nothing about it is in doubt.
//
// The rules are those of crates/protocol/src/session/stored.rs, and narrower: what is not answered here is
// answered there. tests/vectors/stored-session.json holds one against the other.

import { ofDocument } from './host.js';

/** Seconds by which an expiry is brought forward, as in crates/protocol/src/jwt.rs. */
const MARGIN_S = 10;
const RECORD = 'AuthenticationCredentialsStorage';

/** What keys of pending logins begin with, as in crates/protocol/src/authorization/pending.rs. */
const PENDING = 'AuthenticationRequestNonce';

/** Whether the address is one that a login of this browser returned to, or such a callback is unfinished. */
export function isCallback() {
  const nonce = new URLSearchParams(globalThis.location?.search).get('nonce');
  try {
    const isPending =
      nonce && [localStorage[`${PENDING}.${nonce}`], localStorage[PENDING]].some((record) => record?.includes(nonce));
    return isPending || Object.keys(sessionStorage).some((key) => key.startsWith('AuthenticationCallback '));
  } catch {
    return Boolean(nonce); // The storage of this page cannot be read.
  }
}

// As strict as the module: neither invalid bytes nor a byte order mark are claims.
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// What a token says; its second part is base64url (RFC 7519 section 3).
function claims(token) {
  const letters = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(UTF_8.decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
}

/** The access tokens that script can read. */
const accessTokens = () =>
  (ofDocument('cookie') ?? '')
    .split(/; */)
    .filter((pair) => pair.startsWith('authorization='))
    .map((pair) => pair.slice('authorization='.length));

function readable(token) {
  try {
    return claims(token);
  } catch {
    return {}; // Opaque tokens are Authress's right.
  }
}

/**
 * An identity with `isAnonymous`: whether a service client began the session, and no identity provider. The access token of
 * the same user names the connection, for identity cookies may come without.
 */
export function withAnonymity(identity) {
  const access = accessTokens()
    .map(readable)
    .find(({ sub, azp }) => azp && sub === identity.sub);
  return { ...identity, isAnonymous: String((access ?? identity).azp).startsWith('sc_') };
}

/**
 * `{token, identity}` of the stored session; undefined if there is any doubt.
 * @param origin of Authress @param applicationId whose session it has to be
 */
export function storedSession(origin, applicationId) {
  try {
    // A callback is handled first.
    if (isCallback()) return undefined;
    const record = localStorage.getItem(RECORD);
    // The usual case of a first visit, in which an exception would cost more than all that is done here.
    if (!record) return undefined;
    const { idToken, expiry } = JSON.parse(record);
    if (!(expiry > Date.now())) return undefined;
    const tokens = accessTokens();
    const [token] = tokens;
    if (tokens.length !== 1 || token.includes('%')) return undefined;
    const [user, access] = [claims(idToken), claims(token)];
    const isOurs = user.iss === origin && access.iss === origin && access.client_id === applicationId;
    const isOneUser = user.sub && typeof user.sub === 'string' && user.sub === access.sub;
    if (!isOurs || !isOneUser || !user.exp || !Number.isSafeInteger(user.exp)) return undefined;
    return { token, identity: withAnonymity({ ...user, userId: user.sub, exp: user.exp - MARGIN_S }) };
  } catch {
    return undefined; // What is stored is not in this form.
  }
}
