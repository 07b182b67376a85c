import type { Device, RegisterDeviceOptions, UserProfile } from './types/account.js';
import type {
  AuthenticateOptions,
  CallLimits,
  EnsureTokenOptions,
  LinkIdentityOptions,
  OneTimeCodeOptions,
  SignInAnonymouslyOptions,
  SignInOptions,
  SignOutOptions,
  UpdateExtensionOptions,
} from './types/options.js';
import type {
  AuthenticationStarted,
  LinkResult,
  LoginResult,
  RedirectResult,
  SessionEvent,
  SessionSnapshot,
  UserIdentity,
} from './types/session.js';
import type { LoginClientSettings, Logger } from './types/settings.js';

export { initWasm, type WasmParts, type WasmSource } from './module.js';
export * from './types/account.js';
export * from './types/errors.js';
export * from './types/options.js';
export * from './types/session.js';
export * from './types/settings.js';

/**
 * A login client for one Authress custom domain and one application.
 *
 * The constructor returns at once. The client loads the WebAssembly module by itself, and every asynchronous method waits
 * for it where it needs it.
 *
 * Every asynchronous method rejects with a `LoginError`: besides the codes listed with a method, `ModuleLoadFailed`,
 * `InvalidInput`, `RequestTimeout` and `InternalError`. A cancelled call rejects with the signal's `reason`. Options of a
 * wrong type, options that are not an object and getters that throw are `InvalidInput`; then no request is sent and the page
 * is not left.
 *
 * The session is renewed before its end while the page is visible, by one tab for all. Clients of the same custom domain
 * and application share the session, its events and results.
 *
 * On a server and in a worker nothing is loaded and every visitor is signed out: tokens reject with `TokenTimeout` at once,
 * methods that need a session with `NotLoggedIn`, `authenticate` and `logout` with `ModuleLoadFailed`.
 */
export class LoginClient {
  /** @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidApplication`, `InvalidInput`. */
  constructor(settings: LoginClientSettings, logger?: Logger);

  /**
   * Calls `listener` for every change of the session, in this tab or another one, after `getSnapshot()` shows it. Looks for
   * a session if no call has done so yet. On a server it registers nothing.
   *
   * @returns a function that unsubscribes.
   * @throws {LoginError} `InvalidInput`: the listener is not a function.
   */
  subscribe(listener: (event: SessionEvent) => void): () => void;

  /** Returns the state of the session. Makes no request. */
  getSnapshot(): SessionSnapshot;

  /**
   * Makes sure that the visitor has a user id. With a session, anonymous or not, it resolves with the snapshot. Otherwise it
   * starts a login with the setting `anonymousConnectionId`. With the setting `backgroundRedirectUrl`, and where shop, Authress
   * and verifier are one site, that happens in the background, and it resolves with the snapshot too. Else it leaves the page;
   * `getRedirectResult()` has `appState` when the browser has come back.
   *
   * A browser starts one such login at a time: concurrent calls share it, and other tabs wait for its session, five seconds at
   * most. Browsers without Web Locks may start two when tabs call at the same moment.
   *
   * @returns the snapshot, or `null` when the browser is leaving.
   * @throws {LoginError} `InvalidInput`: the setting `anonymousConnectionId` is missing, `appState` is too long, or `mode` is
   * neither `auto` nor `redirect`; otherwise as `authenticate`.
   */
  signInAnonymously(options?: SignInAnonymouslyOptions): Promise<SessionSnapshot | null>;

  /**
   * Signs the shopper in and leaves the page. An anonymous shopper whose session began in this browser keeps the user id: the
   * identity is linked. Anyone else logs in. `getRedirectResult()` has the result.
   *
   * @returns as `authenticate`.
   * @throws {LoginError} as `linkIdentity` and `authenticate`; what `claimTicket` throws.
   */
  signIn(options: SignInOptions): Promise<AuthenticationStarted | null>;

  /**
   * Logs in to the account of an identity, and leaves the page: the way on after a link whose result has `mayBeOwned`. The
   * anonymous session ends; what belongs to it comes along with `claimTicket`.
   *
   * @returns as `authenticate`.
   * @throws {LoginError} as `authenticate`; what `claimTicket` throws.
   */
  switchAccount(options: SignInOptions): Promise<AuthenticationStarted | null>;

  /**
   * Starts a login and leaves the page. The current session stays until the new one arrives.
   *
   * A second call with the same options from the same page, as by a double click, shares the first call's login until the
   * browser has left the page. The page's query is restored after the callback. Parameters of the page that have the name of
   * a callback parameter (`code`, `error`, `nonce`, `iss` …) are not sent to Authress.
   *
   * @returns `null` when the browser is leaving. Authress's response, if the login continues on this page's own host name or
   * without a page: the application continues by itself.
   * @throws {LoginError} `InvalidResponseLocation`, `InvalidRedirectUrl`, `StorageUnavailable`, `RequestRefused`,
   * `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  authenticate(options?: AuthenticateOptions): Promise<AuthenticationStarted | null>;

  /**
   * Links an identity to the session's user id and leaves the page. An anonymous shopper becomes a customer and keeps the
   * user id. After the callback, `getLinkResult()` returns the result.
   *
   * An anonymous session that no login of this browser started is not linked (`userIdentity.sessionOrigin` is `found`): it may
   * be another person's. Call `authenticate` instead, and take the cart along with a claim ticket of the shop's API.
   *
   * @throws {LoginError} `SessionNotBegunHere`, `UserChanged`, `InvalidConnection`, `NotLoggedIn`, `InvalidRedirectUrl`,
   * `StorageUnavailable`, `RequestRefused`, `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  linkIdentity(options: LinkIdentityOptions): Promise<AuthenticationStarted | undefined>;

  /**
   * Starts a login with a code that the shopper gets by e-mail or message. Stays on the page.
   *
   * @throws {LoginError} `InvalidInput` without `serviceClientId`; otherwise as `authenticate`.
   */
  authenticateWithOneTimeCode(options: OneTimeCodeOptions): Promise<AuthenticationStarted>;

  /**
   * Starts a link with a code that the shopper gets by e-mail or message. Stays on the page.
   *
   * @throws {LoginError} as `linkIdentity`.
   */
  linkIdentityWithOneTimeCode(
    options: { connectionId: string; redirectUrl?: string } & CallLimits,
  ): Promise<AuthenticationStarted>;

  /**
   * Removes an identity from the account.
   *
   * @param identityId The identity's connection id, or its user id at the provider.
   * @throws {LoginError} `InvalidConnection`, `NotLoggedIn`, `UserChanged`, `RequestRefused` (the last identity cannot be
   * removed), `AuthressSdkNetworkError`.
   */
  unlinkIdentity(identityId: string, limits?: CallLimits): Promise<void>;

  /**
   * For a platform's own login page: continues the login that an extension started.
   *
   * @returns `null` when the browser is leaving.
   * @throws {LoginError} `InvalidConnection`, `InvalidAuthenticationRequest`, `OriginMismatch`, `RequestRefused`,
   * `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  updateExtensionAuthenticationRequest(options: UpdateExtensionOptions): Promise<{ authenticationUrl: string } | null>;

  /**
   * Returns the result of the login or link from which the browser has just come back, with the call's `appState`; `null` on any
   * other page load.
   *
   * @throws {LoginError} `AuthressSdkNetworkError`: the result is not known yet; call again.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as with JSON.parse, the application knows what it has given
  getRedirectResult<AppState = any>(limits?: CallLimits): Promise<RedirectResult<AppState> | null>;

  /**
   * Returns the result of the link from which the browser has just come back; `null` on any other page load.
   *
   * @throws {LoginError} `AuthressSdkNetworkError`: the result is not known yet; call again.
   */
  getLinkResult(limits?: CallLimits): Promise<LinkResult | null>;

  /**
   * Returns the result of the login from which the browser has just come back; `null` on any other page load.
   *
   * @throws {LoginError} `AuthressSdkNetworkError`: the result is not known yet; call again.
   */
  getLoginResult(limits?: CallLimits): Promise<LoginResult | null>;

  /**
   * Returns whether there is a session. Handles a callback, then reads this browser, then asks Authress.
   *
   * @param options.backgroundTrigger Do not ask Authress. Default `false`.
   * @throws {LoginError} when a login whose callback has just arrived could not be completed: `AuthressSdkNetworkError` (call
   * again to try again), `RequestRefused`, `InvalidServerResponse`.
   */
  userSessionExists(options?: { backgroundTrigger?: boolean } & CallLimits): Promise<boolean>;

  /** Resolves with `true` once there is a session, which may be never: it has no deadline by default. */
  waitForUserSession(limits?: CallLimits): Promise<true>;

  /**
   * Returns the access token for the shop's APIs. With a stored session it makes no request.
   *
   * @returns the token, or `null` if it is in an HttpOnly cookie, which the browser sends by itself. A readable token of
   * another application or user is not a session: `TokenTimeout`.
   * @throws {LoginError} `TokenTimeout`: there is no session, call `authenticate`; without a session also the errors of
   * `userSessionExists`.
   */
  ensureToken(options?: EnsureTokenOptions): Promise<string | null>;

  /** The same as `ensureToken`, by the name that Authress's guides use. */
  getToken(options?: EnsureTokenOptions): Promise<string | null>;

  /**
   * `fetch` with the access token as `Authorization: Bearer`, for the page's own origin and those in `tokenOrigins`. After a
   * response 401 the request is repeated once with a renewed token of the same user, where the session can be renewed. If the
   * token is in an HttpOnly cookie, nothing is added. The request's own signal cancels all of it.
   *
   * @throws {LoginError} `OriginNotAllowed`: no request was sent; `NotLoggedIn`: there is no session; `UserChanged`: the
   * session has become another user's, and no request was sent. Failures of the request itself are those of `fetch`.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /** Returns who the shopper is, as far as this browser knows; `null` until `userSessionExists` has settled. */
  getUserIdentity(): UserIdentity | null;

  /**
   * Returns the account with its linked identities.
   *
   * @throws {LoginError} `NotLoggedIn`, `UserChanged`, `RequestRefused`, `AuthressSdkNetworkError`.
   */
  getUserProfile(limits?: CallLimits): Promise<UserProfile>;

  /** Returns the identity provider's own access token, or `null` if it is not available. */
  getConnectionCredentials(limits?: CallLimits): Promise<{ accessToken: string; [property: string]: unknown } | null>;

  /** Returns the second factors; an empty list if they are not available. */
  getDevices(limits?: CallLimits): Promise<Device[]>;

  /**
   * Registers a second factor. For a security key or passkey the browser shows its own dialog.
   *
   * @throws {LoginError} `NotLoggedIn`, `UserChanged`, `InvalidInput`, `RequestRefused`, `AuthressSdkNetworkError`;
   * `InternalError` with the browser's error as `cause` if the shopper declines the dialog.
   */
  registerDevice(options: RegisterDeviceOptions): Promise<Device>;

  /**
   * Removes a second factor.
   *
   * @throws {LoginError} `NotLoggedIn`, `UserChanged`, `InvalidInput`, `RequestRefused`, `AuthressSdkNetworkError`.
   */
  deleteDevice(deviceId: string, limits?: CallLimits): Promise<void>;

  /**
   * Leaves for Authress's page on which shoppers manage their account.
   *
   * @param options.startPage Default `Profile`.
   * @param options.redirectUrl The page to return to. Default: this page.
   * @throws {LoginError} `NotLoggedIn`, `UserChanged`, `InvalidInput`, `InvalidRedirectUrl`.
   */
  openUserConfigurationScreen(
    options?: { startPage?: 'Profile' | 'MFA'; redirectUrl?: string } & CallLimits,
  ): Promise<void>;

  /** Returns whether cookies of this page would reach `url`; `false` until the module has loaded. */
  getMatchingDomainInfo(url: string): boolean;

  /** Removes callback parameters from the address. The client does so by itself. */
  sanitizeQueryParameters(): void;

  /**
   * Ends the session here and at Authress, and leaves the page.
   *
   * @param redirectUrl The page to open afterwards, absolute or relative. Default: this page.
   * @throws {LoginError} `InvalidRedirectUrl`, `InvalidInput`: it is not a string.
   */
  logout(redirectUrl?: string, limits?: CallLimits): Promise<void>;

  /** The same as `logout`, with options. */
  signOut(options?: SignOutOptions): Promise<void>;
}

/**
 * A login client for an extension: a third-party application that signs in to a platform. It handles a callback by itself
 * and keeps its token in memory only.
 */
export class ExtensionClient {
  /** @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidExtension`. */
  constructor(authressCustomDomain: string, extensionId: string);

  /** Returns the claims of the access token; `null` without one. */
  getUserIdentity(): Promise<UserIdentity | null>;

  /** Returns the access token until it expires. */
  getTokenResponse(): Promise<{ accessToken: string } | null>;

  /**
   * Exchanges an authorization code of a login that this browser started.
   *
   * @param options.code The code. Default: the one in the address.
   * @param options.silent Return `null` without a code instead of rejecting. Default `false`.
   * @throws {LoginError} `InvalidAuthorizationCode`, `RequestRefused`, `AuthressSdkNetworkError`, `InvalidServerResponse`.
   */
  requestToken(options?: { code?: string; silent?: boolean } & CallLimits): Promise<{ accessToken: string } | null>;

  /**
   * Returns the access token, or `null` when the browser is leaving for the platform's login.
   *
   * @param redirectUrl The page to return to. Default: this page.
   * @throws {LoginError} `StorageUnavailable`, `InvalidRedirectUrl`; otherwise as `requestToken`.
   */
  login(redirectUrl?: string, limits?: CallLimits): Promise<{ accessToken: string } | null>;
}
