// Written by `cargo xtask generate` from crates/access-token. Change it there.

/** Why a token or a ticket is rejected. */
export const MESSAGES = {
  TokenMissing: "send one access token as Authorization: Bearer",
  TokenMalformed: "this is not an access token; send what ensureToken() returned",
  TokenWrongType: "this token is not an access token (typ at+jwt); do not send the id token",
  TokenUnknownKey: "the token is signed with a key its issuer does not publish; log in again",
  TokenInvalidSignature: "the token's signature is not valid; send the token unchanged",
  TokenOtherIssuer: "the token is from another issuer than this shop's; log in at this shop",
  TokenOtherSubject: "a service client's token must name the service client itself",
  TokenExpired: "the token has expired; get a new one with ensureToken()",
  TokenNotYetValid: "the token is not valid yet; check the server's clock",
  TokenOtherAudience: "the token is not for the audience that this API requires; register it for the application and request it when logging in (audiences), or require none: by default aud is the account's id or missing",
  TokenOtherApplication: "the token is for another application; log in at this shop",
  TokenNoUserId: "the token names no user; log in again",
  KeysUnavailable: "tokens cannot be checked now; try again soon",
  TicketForged: "this is not a ticket of this shop; request a new one before signing in",
  TicketForeign: "this ticket is of another shop; request one of this shop before signing in",
  TicketExpired: "the ticket has expired; go back to the cart and start again",
  TicketAlreadyUsed: "this ticket was used before; the cart has been moved",
  TicketSameUser: "the cart is already this user's; sign in to the other account first",
  TicketUnavailable: "tickets cannot be redeemed now; try again soon",
};
/** The default of the allowed clock skew, in seconds. */
export const DEFAULT_LEEWAY_S = 5;
/** The longest accepted user id, in bytes. */
export const MAX_USER_ID_BYTES = 256;
/** The longest token that is verified, in bytes. */
export const MAX_TOKEN_BYTES = 16384;
/** The path of an issuer's keys below the issuer. */
export const JWKS_PATH = '/.well-known/openid-configuration/jwks';
/** The size limit of a key set, in bytes. */
export const MAX_KEY_SET_BYTES = 65536;
/** How long the issuer has to respond, in milliseconds. */
export const KEYS_TIMEOUT_MS = 3000;
/** How long fetched keys are used without another request. */
export const KEYS_FRESH_MS = 300000;
/** How long fetched keys are used while requests fail. */
export const KEYS_STALE_MS = 3600000;
/** The shortest time from a response to the next request. */
export const KEYS_MIN_INTERVAL_MS = 3000;
/** How long a missing `kid` is not requested again. */
export const KID_UNKNOWN_MS = 30000;
/** The `typ` header of claim tickets. */
export const TICKET_TYPE = 'cart-claim+jwt';
/** The lifetime of a claim ticket, in seconds. */
export const TICKET_LIFETIME_S = 600;
