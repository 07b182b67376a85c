export { initWasm, type WasmParts, type WasmSource } from './module.js';

/**
 * Which Authress, and which application of it.
 */
export interface LoginClientSettings {
  /**
   * Your Authress custom domain, for example `https://login.example.com`. Without `http:` or `https:`
   * at its start, https is meant; any other scheme is refused.
   * @throws {LoginError} `InvalidAuthressApiUrl` from the constructor.
   */
  authressApiUrl: string;
  /**
   * The application that shoppers log in to, `app_…`. Only where the setting is absent is it
   * `app_default`: `null` and `undefined` are refused, since they are a missing environment variable.
   * @throws {LoginError} `InvalidApplication` from the constructor.
   */
  applicationId?: string;
  /**
   * Origins besides the page's own to which `fetch` may send the access token, for example
   * `['https://api.example.com']`. Default: none.
   * @throws {LoginError} `InvalidInput` from the constructor.
   */
  tokenOrigins?: readonly string[];
  /** Do not look for a return and a stored session by itself at start. Default `false`. */
  skipBackgroundCredentialsCheck?: boolean;
  /** Leave the `user` cookie in place after reading it. Default `false`. */
  retainUserCookie?: boolean;
}

/** Gets one object per message, with a `title` and, for failures, `code`, `status` and `serverCode`. */
export interface Logger {
  log?(entry: LogEntry): void;
  warn?(entry: LogEntry): void;
}

/** A message. It never holds a token, code or verifier. */
export interface LogEntry {
  title: string;
  code?: LoginErrorCode;
  status?: number;
  serverCode?: string;
}

/** The claims of the id token. Nobody has verified them: show them, but decide nothing by them. */
export interface UserIdentity {
  /** The user id, the same as `sub`. */
  userId: string;
  sub: string;
  iss?: string;
  /**
   * Whether a service client began the session (`authenticate({ connectionId: 'sc_…' })`), and the shopper has signed in
   * with no identity provider. A `LoginClient` always says so.
   */
  isAnonymous?: boolean;
  /** When to stop using the session, in seconds since 1970: ten seconds before the token's own end. */
  exp?: number;
  email?: string;
  name?: string;
  picture?: string;
  [claim: string]: unknown;
}

/** Limits of one call. */
export interface CallLimits {
  /**
   * Gives the call up: the promise rejects with the signal's `reason`, and nothing more happens; a
   * login that has not left the page does not leave it any more.
   */
  signal?: AbortSignal;
  /**
   * The deadline of the call in milliseconds, after which it rejects with `RequestTimeout`. Default,
   * also for `null`: 30,000 (for `registerDevice` 120,000); a negative number or `Infinity` sets none.
   */
  timeoutInMillis?: number;
}

export interface AuthenticateOptions extends CallLimits {
  /** The identity provider, or your service client (`sc_…`) for an anonymous shopper. */
  connectionId?: string;
  /** The tenant to log in to. Takes precedence over `connectionId`. */
  tenantLookupIdentifier?: string;
  /** An invite to accept. */
  inviteId?: string;
  /**
   * Where to return to, absolute or relative. Default: this page. On another origin the login can be completed only if
   * Authress's cookies reach it; the logger gets a warning otherwise.
   */
  redirectUrl?: string;
  /** Where the answer comes back. Default, also for an empty string: `cookie`. */
  responseLocation?: 'cookie' | 'query' | 'none';
  /** Which of `code token id_token` to ask for, separated by spaces. Default `token id_token`. */
  flowType?: string;
  /** OAuth scopes. */
  scopes?: readonly string[];
  /** Audiences of the access token. */
  audiences?: readonly string[];
  /** Properties for the identity provider. */
  connectionProperties?: { readonly [name: string]: unknown };
  /** Whether more than one account may be signed in. */
  multiAccount?: boolean;
  /**
   * How the page is left. `redirect` goes there; `tab` opens another tab, or goes there if the
   * browser opens none; `client-managed` leaves it to the application. With any of them the answer
   * is returned. Wins over `openType`.
   */
  redirectOpenType?: 'redirect' | 'tab' | 'client-managed';
  /** The older way to ask for another tab. */
  openType?: 'tab';
  /**
   * Accepted for compatibility and without effect: a session is replaced when the new one has
   * arrived, never before.
   */
  clearUserDataBeforeLogin?: boolean;
}

/** One of the two is needed. */
export type LinkWith =
  | {
      /** The identity provider that the shopper signs in with. */
      connectionId: string;
      /** The tenant whose identity provider it is. */
      tenantLookupIdentifier?: string;
    }
  | { connectionId?: undefined; tenantLookupIdentifier: string };

export type LinkIdentityOptions = LinkWith & LinkIdentitySettings;

export interface LinkIdentitySettings extends CallLimits {
  /** Where to return to, absolute or relative. Default: this page. */
  redirectUrl?: string;
  /** Properties for the identity provider. */
  connectionProperties?: { readonly [name: string]: unknown };
  /** How the page is left; as for `authenticate`. */
  redirectOpenType?: 'redirect' | 'tab' | 'client-managed';
}

export interface OneTimeCodeOptions extends CallLimits {
  /** The service client that checks the code, `sc_…`. */
  serviceClientId: string;
  inviteId?: string;
  /** Where to return to, absolute or relative. Default: this page. */
  redirectUrl?: string;
  responseLocation?: 'cookie' | 'query' | 'none';
  flowType?: string;
  scopes?: readonly string[];
  audiences?: readonly string[];
  /** Accepted for compatibility and without effect, as for `authenticate`. */
  clearUserDataBeforeLogin?: boolean;
}

/** One of the three names is needed. */
export interface UpdateExtensionOptions extends CallLimits {
  /** The authentication request. Default: the `state` in the address. */
  state?: string;
  connectionId?: string;
  tenantLookupIdentifier?: string;
  /** An e-mail address or domain; takes the place of `tenantLookupIdentifier`. */
  hint?: string;
  connectionProperties?: { readonly [name: string]: unknown };
}

/** An account with its identities, as Authress describes it. */
export interface UserProfile {
  linkedIdentities?: { connection: { connectionId: string; userId: string } }[];
  [property: string]: unknown;
}

/** A second factor. */
export interface Device {
  deviceId: string;
  name?: string;
  [property: string]: unknown;
}

export type RegisterDeviceOptions = CallLimits & RegisteredDevice;

export type RegisteredDevice =
  | {
      /** The shopper's name for it. */
      name?: string;
      type?: 'WebAuthN';
    }
  | {
      name?: string;
      type: 'TOTP';
      /** What the code was made from, and the code. */
      totp: { verificationCode: string; [property: string]: unknown };
    };

/** The pages of `openUserConfigurationScreen`. */
export const UserConfigurationScreen: { readonly Profile: 'Profile'; readonly MFA: 'MFA' };

/** The values of `redirectOpenType`. */
export const RedirectOpenType: {
  readonly Redirect: 'redirect';
  readonly Tab: 'tab';
  readonly ClientManaged: 'client-managed';
};

/** Where the login goes on, when it is not the client that navigates. */
export interface AuthenticationStarted {
  authenticationUrl?: string;
  authenticationRequestId?: string;
}

/** What a link came to. Unless it is `linked`, the session is what it was before. */
export interface LinkResult {
  /**
   * - `linked`: the identity now logs in to this user id;
   * - `already-owned`: it has logged in before and owns another user id;
   * - `cancelled`: the shopper turned back at the provider;
   * - `failed`: anything else; `serverCode` says more where Authress did.
   */
  status: 'linked' | 'already-owned' | 'cancelled' | 'failed';
  /** The connection that was asked for. */
  connectionId?: string;
  /** The user id that the link was for. */
  userId: string;
  /** The code with which Authress refused. */
  serverCode?: string;
}

/** What a login came to. Unless it is `signed-in`, the session is what it was before. */
export interface LoginResult {
  /**
   * - `signed-in`: it brought a session;
   * - `cancelled`: the shopper turned back;
   * - `failed`: anything else; `serverCode` says more where Authress did.
   */
  status: 'signed-in' | 'cancelled' | 'failed';
  /** The connection that was asked for. */
  connectionId?: string;
  /** The user id that it brought. */
  userId?: string;
  /** The code with which Authress refused. */
  serverCode?: string;
}

/**
 * Whether somebody is signed in. The same object until something has changed, so that it can be
 * given to `useSyncExternalStore` and the like.
 */
export type SessionSnapshot =
  /** It is not known yet. With a stored session it is known at once. */
  | { readonly status: 'checking'; readonly userIdentity: null }
  /** There is a session; it lasts while Authress cannot be reached. */
  | { readonly status: 'signed-in'; readonly userIdentity: UserIdentity }
  | { readonly status: 'signed-out'; readonly userIdentity: null };

/**
 * What has just happened, in this tab or another one.
 *
 * - `ready`: it is known whether there is a session, for the first time on this page;
 * - `signed-in`: a session began, or another shopper's took its place;
 * - `token-renewed`: the session goes on with new tokens;
 * - `signed-out`: the session is over;
 * - `login-…`, `link-…`: the browser has returned from a login or link;
 * - `load-failed`: a file of this package could not be loaded, in this tab. `error.message` says why and what to do. In a
 *   tab that was open while the site got a new version the files are gone: offer to reload the page. The snapshot is not
 *   `checking` any more; the next call tries again.
 */
export type SessionEvent =
  | { readonly type: 'load-failed'; readonly error: LoginError }
  | { readonly type: 'ready' | 'signed-in' | 'token-renewed' | 'signed-out' }
  | { readonly type: 'login-completed' | 'login-cancelled' | 'login-refused'; readonly result: Readonly<LoginResult> }
  | { readonly type: 'link-completed' | 'link-cancelled' | 'link-refused'; readonly result: Readonly<LinkResult> };

export interface EnsureTokenOptions {
  /** Gives up waiting: the promise rejects with the signal's `reason`. */
  signal?: AbortSignal;
  /**
   * How long to wait for a session, in milliseconds. Default 5000. 0 asks this browser alone, makes
   * no request and does not wait; -1 waits as long as a timer can (about 24.8 days).
   */
  timeoutInMillis?: number;
}

/** Every code that `LoginError.code` can have. */
export type LoginErrorCode =
  | 'InvalidAuthressApiUrl'
  | 'InvalidApplication'
  | 'InvalidExtension'
  | 'InvalidInput'
  | 'InvalidConnection'
  | 'InvalidAuthenticationRequest'
  | 'OriginMismatch'
  | 'InvalidAuthorizationCode'
  | 'InvalidRedirectOpenType'
  | 'InvalidResponseLocation'
  | 'InvalidRedirectUrl'
  | 'NotLoggedIn'
  | 'TokenTimeout'
  | 'OriginNotAllowed'
  | 'StorageUnavailable'
  | 'AuthressSdkNetworkError'
  | 'RequestTimeout'
  | 'RequestRefused'
  | 'InvalidServerResponse'
  | 'ModuleLoadFailed'
  | 'InternalError';

/** Every failure. Its message says what to do and holds nothing secret. */
export class LoginError extends Error {
  private constructor();
  readonly name: 'LoginError';
  readonly code: LoginErrorCode;
  /** The HTTP status, where a server answered. */
  readonly status?: number;
  /** The server's own code, where it sent one. */
  readonly serverCode?: string;
  /** What the browser itself said, where it said something: the error of `fetch`, for example. */
  readonly cause?: unknown;
}

/**
 * A login client for one Authress host and application.
 *
 * The constructor returns at once; the WebAssembly module loads meanwhile, and every asynchronous
 * method waits for it. Each rejects with a `LoginError`: besides the codes named with a method,
 * `ModuleLoadFailed`, `InvalidInput`, `RequestTimeout` and `InternalError`; or with the `reason` of a
 * signal that was aborted. Options of a wrong type, options that are no object and getters that throw are
 * `InvalidInput`: nothing is sent and the page stays.
 *
 * While the page is in use the session is renewed before its end, by one tab for all. Clients of the same host and
 * application on a page share the session, its events and results.
 *
 * Without a page (on a server, in a worker) nothing is loaded and the visitor is signed out: tokens reject with
 * `TokenTimeout` at once, what needs a session with `NotLoggedIn`, `authenticate` and `logout` with `ModuleLoadFailed`.
 */
export class LoginClient {
  /** @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidApplication`, `InvalidInput`. */
  constructor(settings: LoginClientSettings, logger?: Logger);

  /**
   * Calls `listener` with everything that happens to the session, here or in another tab, after
   * `getSnapshot()` shows it. Looks for a session if no call has yet. On a server it registers nothing.
   *
   * @returns a function that ends it.
   * @throws {LoginError} `InvalidInput`: the listener is no function.
   */
  subscribe(listener: (event: SessionEvent) => void): () => void;

  /** Whether somebody is signed in. Makes no request. */
  getSnapshot(): SessionSnapshot;

  /**
   * Starts a login and leaves the page. The session that is here stays until the new one arrives.
   *
   * A second call with the same options from the same page, as by a double click, shares the login of the first one until
   * the browser has left the page. The page's own query is shown again after the return; parameters in it that have the
   * name of a callback parameter (`code`, `error`, `nonce`, `iss` …) are not sent to Authress.
   *
   * @returns `null` when the browser is on its way. Where the login goes on on this page's own host
   * name, or nowhere, what Authress answered: the application continues by itself.
   * @throws {LoginError} `InvalidResponseLocation`, `InvalidRedirectUrl`, `StorageUnavailable`,
   * `RequestRefused`, `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  authenticate(options?: AuthenticateOptions): Promise<AuthenticationStarted | null>;

  /**
   * Links an identity to the session's user id and leaves the page: an anonymous shopper becomes a
   * customer and keeps the user id. After the return, `getLinkResult()` says how it went.
   *
   * @throws {LoginError} `InvalidConnection`, `NotLoggedIn`, `InvalidRedirectUrl`,
   * `StorageUnavailable`, `RequestRefused`, `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  linkIdentity(options: LinkIdentityOptions): Promise<AuthenticationStarted | undefined>;

  /**
   * Starts a login by a code that the shopper gets by e-mail or message. Stays on the page.
   *
   * @throws {LoginError} `InvalidInput` without `serviceClientId`; otherwise as `authenticate`.
   */
  authenticateWithOneTimeCode(options: OneTimeCodeOptions): Promise<AuthenticationStarted>;

  /**
   * Starts a link by a code. Stays on the page.
   *
   * @throws {LoginError} as `linkIdentity`.
   */
  linkIdentityWithOneTimeCode(
    options: { connectionId: string; redirectUrl?: string } & CallLimits,
  ): Promise<AuthenticationStarted>;

  /**
   * Takes an identity off the account: its connection id, or the user id it has there.
   *
   * @throws {LoginError} `InvalidConnection`, `NotLoggedIn`, `RequestRefused` (the last one stays),
   * `AuthressSdkNetworkError`.
   */
  unlinkIdentity(identityId: string, limits?: CallLimits): Promise<void>;

  /**
   * For a platform's own login page: goes on with the login that an extension began.
   *
   * @returns `null` when the browser is on its way.
   * @throws {LoginError} `InvalidConnection`, `InvalidAuthenticationRequest`, `OriginMismatch`,
   * `RequestRefused`, `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  updateExtensionAuthenticationRequest(options: UpdateExtensionOptions): Promise<{ authenticationUrl: string } | null>;

  /**
   * What the link came to from which the browser has just returned; `null` on any other page load.
   *
   * @throws {LoginError} `AuthressSdkNetworkError`: not known yet, ask again.
   */
  getLinkResult(limits?: CallLimits): Promise<LinkResult | null>;

  /**
   * What the login came to from which the browser has just returned; `null` on any other page load.
   *
   * @throws {LoginError} `AuthressSdkNetworkError`: not known yet, ask again.
   */
  getLoginResult(limits?: CallLimits): Promise<LoginResult | null>;

  /**
   * Whether there is a session. Takes up a return, then looks in this browser, then asks Authress.
   *
   * @param options.backgroundTrigger Do not ask Authress. Default `false`.
   * @throws {LoginError} when a login that has just returned could not be completed:
   * `AuthressSdkNetworkError` (call again to try again), `RequestRefused`, `InvalidServerResponse`.
   */
  userSessionExists(options?: { backgroundTrigger?: boolean } & CallLimits): Promise<boolean>;

  /** Resolves with `true` once there is a session, which may be never: it has no deadline by default. */
  waitForUserSession(limits?: CallLimits): Promise<true>;

  /**
   * The access token for the shop's APIs. With a stored session it makes no request.
   *
   * @returns the token, or `null` where it is in an HttpOnly cookie and goes along by itself. A token that script can read
   * but that is of another application or user is no session: `TokenTimeout`.
   * @throws {LoginError} `TokenTimeout`: no session, call `authenticate`; without a session also as
   * `userSessionExists`.
   */
  ensureToken(options?: EnsureTokenOptions): Promise<string | null>;

  /** The same as `ensureToken`, by the name that Authress's guides use. */
  getToken(options?: EnsureTokenOptions): Promise<string | null>;

  /**
   * `fetch` with the access token as `Authorization: Bearer`, for the page's own origin and those in
   * `tokenOrigins`. An answer 401 is asked for once more with a renewed token, where the session can
   * be renewed. Where the token is in an HttpOnly cookie nothing is added. The request's own signal
   * ends all of it.
   *
   * @throws {LoginError} `OriginNotAllowed`: nothing was sent; `NotLoggedIn`: there is no session.
   * Failures of the request itself are those of `fetch`.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Who the shopper is, as far as this browser knows; `null` until `userSessionExists` has answered. */
  getUserIdentity(): UserIdentity | null;

  /**
   * The account with its linked identities.
   *
   * @throws {LoginError} `NotLoggedIn`, `RequestRefused`, `AuthressSdkNetworkError`.
   */
  getUserProfile(limits?: CallLimits): Promise<UserProfile>;

  /** The identity provider's own access token, or `null` if it cannot be had. */
  getConnectionCredentials(limits?: CallLimits): Promise<{ accessToken: string; [property: string]: unknown } | null>;

  /** The second factors; none if they cannot be had. */
  getDevices(limits?: CallLimits): Promise<Device[]>;

  /**
   * Registers a second factor. For a security key or passkey the browser asks the shopper.
   *
   * @throws {LoginError} `NotLoggedIn`, `InvalidInput`, `RequestRefused`, `AuthressSdkNetworkError`;
   * `InternalError` with the browser's error as `cause` where the shopper declines.
   */
  registerDevice(options: RegisterDeviceOptions): Promise<Device>;

  /** @throws {LoginError} `NotLoggedIn`, `InvalidInput`, `RequestRefused`, `AuthressSdkNetworkError`. */
  deleteDevice(deviceId: string, limits?: CallLimits): Promise<void>;

  /**
   * Leaves for the page of Authress where shoppers see to their account.
   *
   * @param options.startPage Default `Profile`.
   * @param options.redirectUrl Where to return to. Default: this page.
   * @throws {LoginError} `NotLoggedIn`, `InvalidInput`, `InvalidRedirectUrl`.
   */
  openUserConfigurationScreen(
    options?: { startPage?: 'Profile' | 'MFA'; redirectUrl?: string } & CallLimits,
  ): Promise<void>;

  /** Whether cookies of this page would reach `url`; `false` until the module has loaded. */
  getMatchingDomainInfo(url: string): boolean;

  /** Removes from the address what a return left. The client does so by itself. */
  sanitizeQueryParameters(): void;

  /**
   * Ends the session here and at Authress, and leaves the page.
   *
   * @param redirectUrl Where to end, absolute or relative. Default: this page.
   * @throws {LoginError} `InvalidRedirectUrl`, `InvalidInput`: it is no string.
   */
  logout(redirectUrl?: string, limits?: CallLimits): Promise<void>;
}

/**
 * A login client for an extension: a third-party application that logs in to a platform. It takes
 * up a return by itself and keeps its token in memory only.
 */
export class ExtensionClient {
  /** @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidExtension`. */
  constructor(authressCustomDomain: string, extensionId: string);

  /** The claims of the access token; `null` without one. */
  getUserIdentity(): Promise<UserIdentity | null>;

  /** The access token while it lasts. */
  getTokenResponse(): Promise<{ accessToken: string } | null>;

  /**
   * Exchanges a code of a login that this browser has begun.
   *
   * @param options.code The code. Default: the one in the address.
   * @param options.silent Do not reject without a code. Default `false`.
   * @throws {LoginError} `InvalidAuthorizationCode`, `RequestRefused`, `AuthressSdkNetworkError`,
   * `InvalidServerResponse`.
   */
  requestToken(options?: { code?: string; silent?: boolean } & CallLimits): Promise<{ accessToken: string } | null>;

  /**
   * The access token, or `null` when the browser is on its way to the platform's login.
   *
   * @param redirectUrl Where to return to. Default: this page.
   * @throws {LoginError} `StorageUnavailable`, `InvalidRedirectUrl`; otherwise as `requestToken`.
   */
  login(redirectUrl?: string, limits?: CallLimits): Promise<{ accessToken: string } | null>;
}
