/**
 * Creates a verifier of access tokens. Create one when your server starts, and use it for all requests: it keeps the keys
 * of your Authress host.
 *
 * @throws {ServerSettingError} names the setting that is missing or wrong.
 */
export function createShopperVerifier(settings: ShopperVerifierSettings): ShopperVerifier;

export interface ShopperVerifierSettings {
  /**
   * Your Authress custom domain, for example `https://login.example.com`: an origin in lower case, without a slash at the
   * end. Tokens of other issuers are rejected. `http` is accepted for this machine only.
   *
   * Of `https://{account}.login.authress.io`, `https://{account}.api.authress.io` and
   * `https://{account}.api-{region}.authress.io`, each one stands for all of them.
   *
   * `undefined`, which an environment variable is that is not set, is an error when the verifier is created.
   */
  authressApiUrl: string | undefined;

  /**
   * The id of your application, `app_…`. Tokens of other applications of the account are rejected. `undefined` is an error
   * when the verifier is created.
   */
  applicationId: string | undefined;

  /**
   * Requires this audience. Use it only for an audience that your application requests at the login (`audiences`) and that
   * is registered for it: otherwise `aud` is an id of the account, or missing. Default: `aud` is not checked;
   * `undefined` in place of a text is an error when the verifier is created.
   */
  audience?: string | undefined;

  /** Service clients (`sc_…`) whose own tokens are accepted, with the service client as `userId`. Default: none. */
  serviceClients?: readonly string[] | undefined;

  /** Whether the cookie `authorization` is read where a request has no bearer token. Default `true`. */
  acceptCookie?: boolean | undefined;

  /**
   * Other origins whose pages may send requests with the cookie that change something (any method but `GET`, `HEAD` and
   * `OPTIONS`, and every WebSocket). Name the public origin of your shop here if a proxy changes the header `Host` and you
   * support browsers without Fetch Metadata (Safari before 16.4). Default: none, only the origin of the request.
   */
  origins?: readonly string[] | undefined;

  /** The allowed clock skew between Authress and this server, in seconds, 0 to 300. Default 5. */
  leewaySeconds?: number | undefined;

  /**
   * Returns the URL of an issuer's keys, if this server reaches the issuer by another URL than browsers do. What it responds
   * decides which tokens are valid. Default: `{issuer}/.well-known/openid-configuration/jwks`.
   */
  keysUrl?: ((issuer: string) => string) | undefined;

  /** The clock, in milliseconds since 1970. For tests. Default `Date.now`. */
  now?: (() => number) | undefined;
}

export interface ShopperVerifier {
  /**
   * Returns the shopper that a request is from, by its bearer token, else by the cookie `authorization`.
   *
   * @throws {ShopperError} 401 without a valid token, 403 for a request of another site with the cookie, 503 while the keys
   * of Authress cannot be fetched.
   */
  shopperOf(request: ShopperRequest): Promise<Shopper>;

  /**
   * Like `shopperOf`, but returns `null` where that throws with status 401: for pages that are also shown to visitors
   * without a session.
   *
   * @throws {ShopperError} 403 and 503, as `shopperOf`.
   */
  shopperOrNull(request: ShopperRequest): Promise<Shopper | null>;

  /**
   * Verifies an access token that your code has found elsewhere, for example in the first message of a WebSocket.
   *
   * @throws {ShopperError} 401 and 503, as `shopperOf`.
   */
  verify(token: string): Promise<Shopper>;
}

/**
 * A request: a `Request` of the Fetch API, an `IncomingMessage` of Node.js, a request of Express or Fastify, or any object
 * with headers. Where `method` is missing, a token in the cookie counts as that of a request that changes something.
 */
export interface ShopperRequest {
  readonly headers:
    | { get(name: string): string | null | undefined }
    | { readonly [name: string]: string | readonly string[] | undefined };
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Of Node.js: names and values of the headers in turns, so that a second `Authorization` is seen. */
  readonly rawHeaders?: readonly string[] | undefined;
}

/** The user of a valid access token. */
export interface Shopper {
  /** The user id, the claim `sub`. It stays the same when an anonymous shopper links an identity. At most 256 bytes. */
  readonly userId: string;

  /**
   * Whether the token comes from a login with a service client, which is how this package signs visitors in anonymously.
   * After `linkIdentity` the shopper has a new token, for which it is `false`.
   */
  readonly isAnonymous: boolean;

  /** The connection of the login, the claim `azp`; `null` if the token names none. */
  readonly connectionId: string | null;

  /** All claims of the token, verified. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Creates what issues and redeems *claim tickets*, with which a shopper takes an anonymous cart to an account that already
 * exists.
 *
 * A ticket is a bearer token for one cart. It is signed, lasts ten minutes, and can be redeemed once, at the shop that issued
 * it. The format is that of the Rust crate `authress-access-token`, so servers in both languages can share a key.
 *
 * @throws {ServerSettingError} names the setting that is missing or wrong.
 */
export function createClaimTickets(settings: ClaimTicketsSettings): ClaimTickets;

export interface ClaimTicketsSettings {
  /** The origin of your shop, for example `https://shop.example.com`. Tickets of another origin are rejected. */
  origin: string | undefined;

  /**
   * The key that signs tickets; all servers of the shop need the same. `privateKey` is an Ed25519 key in PKCS#8, as PEM or
   * base64: `openssl genpkey -algorithm ed25519`. `id` is any name for it, which tickets contain (`kid`).
   */
  key: { readonly id: string; readonly privateKey: string | undefined };

  /** Where redeemed tickets are remembered. Use `memoryStore()` for one process, and a shared store for several. */
  store: SpentTickets;

  /** The clock, in milliseconds since 1970. For tests. Default `Date.now`. */
  now?: (() => number) | undefined;
}

export interface ClaimTickets {
  /** Returns a ticket for the cart of a shopper. Issue tickets to anonymous shoppers only. */
  issue(shopper: Pick<Shopper, 'userId'>): Promise<string>;

  /**
   * Redeems a ticket for a shopper, once, and returns the user id whose cart moves to the shopper. Redeem tickets for
   * customers only: an anonymous shopper has no account.
   *
   * @param ticket As the page has sent it; anything else than a ticket is `TicketForged`.
   * @throws {ShopperError} 403 if the ticket is not valid for this shopper (`TicketForged`, `TicketForeign`, `TicketExpired`,
   * `TicketAlreadyUsed`, `TicketSameUser`), 503 if the store does not know whether it was redeemed (`TicketUnavailable`).
   */
  redeem(ticket: unknown, shopper: Pick<Shopper, 'userId'>): Promise<string>;
}

/** Remembers which tickets were redeemed. */
export interface SpentTickets {
  /**
   * Records that a ticket is redeemed. Of any number of concurrent calls with the same id, in all processes, exactly one
   * resolves to `true`; the others resolve to `false`. It rejects while the store is unreachable or full: the ticket is not
   * redeemed then (`TicketUnavailable`).
   *
   * @param id The id of the ticket, base64url.
   * @param expiresAt Until when it must be remembered, in milliseconds since 1970; about ten minutes from now.
   */
  spend(id: string, expiresAt: number): Promise<boolean>;
}

/**
 * Creates a store in the memory of this process. It refuses tickets while it is full, since one that it forgets could be
 * redeemed again.
 *
 * @throws {ServerSettingError} names the setting that is wrong.
 */
export function memoryStore(settings?: MemoryStoreSettings): SpentTickets;

export interface MemoryStoreSettings {
  /** The number of tickets that are remembered, each for about ten minutes. Default 10,000. */
  capacity?: number | undefined;
}

/** Every code that `ShopperError.code` can have. docs/server.md of the repository explains each. */
export type ShopperErrorCode =
  | 'TokenMissing'
  | 'TokenMalformed'
  | 'TokenWrongType'
  | 'TokenUnknownKey'
  | 'TokenInvalidSignature'
  | 'TokenOtherIssuer'
  | 'TokenOtherSubject'
  | 'TokenExpired'
  | 'TokenNotYetValid'
  | 'TokenOtherAudience'
  | 'TokenOtherApplication'
  | 'TokenNoUserId'
  | 'KeysUnavailable'
  | 'TicketForged'
  | 'TicketForeign'
  | 'TicketExpired'
  | 'TicketAlreadyUsed'
  | 'TicketSameUser'
  | 'TicketUnavailable'
  | 'CrossSiteRequest';

/**
 * Why a request is not served. Its message contains nothing of a token.
 *
 * It has the members of a response: `Response.json(error.body, error)`.
 */
export class ShopperError extends Error {
  private constructor();
  readonly name: 'ShopperError';
  readonly code: ShopperErrorCode;
  /** The HTTP status: 401 for tokens, 403 for tickets and requests of another site, 503 if the same request may succeed later. */
  readonly status: 401 | 403 | 503;
  /** The value of `WWW-Authenticate` (RFC 6750 section 3); `null` unless the status is 401. */
  readonly wwwAuthenticate: string | null;
  /** The headers of the response: `cache-control`, and `www-authenticate` or `retry-after`. */
  readonly headers: Record<string, string>;
  /** The JSON of the response. */
  readonly body: { readonly errorCode: ShopperErrorCode; readonly title: string };
  /** Of `KeysUnavailable` and `TicketUnavailable`: what failed. For logs, not for responses. */
  readonly cause?: unknown;
}

/** A setting that is missing, misspelt or wrong. It is thrown when the server starts. */
export class ServerSettingError extends TypeError {
  private constructor();
  readonly name: 'ServerSettingError';
  readonly code: 'InvalidSetting';
  /** The name of the setting, for example `authressApiUrl`. */
  readonly setting: string;
}
