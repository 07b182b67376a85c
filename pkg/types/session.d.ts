import type { LoginError, LoginErrorCode } from './errors.js';

/** The claims of the id token. They are not verified: show them, and decide nothing by them. */
export interface UserIdentity {
  /** The user id, the same as `sub`. */
  userId: string;
  sub: string;
  iss?: string;
  /**
   * Whether a service client started the session (`authenticate({ connectionId: 'sc_…' })`) and the shopper has not signed
   * in with an identity provider. The access token decides, by its connection (`azp`); the id token does where the access
   * token names none or is HttpOnly. A `LoginClient` always sets it.
   */
  isAnonymous?: boolean;
  /**
   * Where the session comes from. A `LoginClient` always sets it.
   *
   * - `begun`: a login that this browser started. Records of `@authress/login` count as begun.
   * - `found`: in cookies, or at Authress: the browser has deleted the page's storage, the shopper signed in on a sibling
   *   application, or someone else planted the session. It can be used as any other, but `linkIdentity` rejects with
   *   `SessionNotBegunHere` while it is anonymous.
   */
  sessionOrigin?: 'begun' | 'found';
  /** The end of the session in seconds since 1970: ten seconds before the token expires. */
  exp?: number;
  email?: string;
  name?: string;
  picture?: string;
  [claim: string]: unknown;
}

/** Where a login continues when the client does not navigate. */
export interface AuthenticationStarted {
  authenticationUrl?: string;
  authenticationRequestId?: string;
}

/** The result of a link. */
export interface LinkResult {
  /**
   * - `linked`: the identity now signs in to this user id: the new access token or the user's profile shows it;
   * - `already-owned`: Authress said that the identity signed in before and has another user id;
   * - `cancelled`: Authress said that the shopper turned back at the identity provider;
   * - `failed`: anything else, also a callback without an error when nothing shows that the identity is linked.
   *   `serverCode` has Authress's code, if it sent one.
   */
  status: 'linked' | 'already-owned' | 'cancelled' | 'failed';
  /**
   * Set when the link was refused or failed: the identity may belong to another user. Offer to sign in with the same
   * connection, which leads to that user's account.
   */
  mayBeOwned?: true;
  /** The requested connection. */
  connectionId?: string;
  /** The user id to which the identity was to be linked. */
  userId: string;
  /** Authress's code for the refusal. */
  serverCode?: string;
  /**
   * Why this client did not use the callback: `InvalidCallback` (a duplicated parameter, or another issuer), `LoginOutdated`
   * (the shopper has signed in or out since), or `InvalidServerResponse`.
   */
  errorCode?: LoginErrorCode;
}

/** The result of a login. Unless it is `signed-in`, the earlier session stays. */
export interface LoginResult {
  /**
   * - `signed-in`: the login brought a session;
   * - `cancelled`: the shopper turned back;
   * - `failed`: anything else; `serverCode` has Authress's code, if it sent one.
   */
  status: 'signed-in' | 'cancelled' | 'failed';
  /** The requested connection. */
  connectionId?: string;
  /** The user id of the new session. */
  userId?: string;
  /** Authress's code for the refusal. */
  serverCode?: string;
  /**
   * Why this client did not use the callback: `InvalidCallback` (a duplicated parameter, or another issuer), `LoginOutdated`
   * (the shopper has signed in or out since), or `InvalidServerResponse`.
   */
  errorCode?: LoginErrorCode;
}

/** What the page has returned from, and what was given for the return. */
// biome-ignore lint/suspicious/noExplicitAny: as with JSON.parse, the application knows what it has given
export interface RedirectResult<AppState = any> {
  /**
   * What began: `anonymous` for an anonymous user id (`signInAnonymously`, or a login with a service client), `link` if the
   * identity was to be added to the session's user id, otherwise `login`.
   */
  type: 'anonymous' | 'login' | 'link';
  /** How it ended; see `LoginResult` and `LinkResult`. */
  status: 'signed-in' | 'linked' | 'already-owned' | 'cancelled' | 'failed';
  /**
   * The option `appState` of the call that began it, whatever the status; `null` without one. Only the first result of the page
   * has it, so that a click is resumed once.
   */
  appState: AppState | null;
  /** The option `claimTicket` of the call that began it. As `appState`, only the first result of the page has it. */
  claimTicket?: string;
  /** The requested connection. */
  connectionId?: string;
  /** The user id of the new session, or to which the identity was to be linked. */
  userId?: string;
  /** Authress's code for a refusal. */
  serverCode?: string;
  /** Why this client did not use the callback; see `LoginResult`. */
  errorCode?: LoginErrorCode;
  /** Set when a link was refused or failed: offer `switchAccount` with this connection; see `LinkResult`. */
  mayBeOwned?: true;
}

/**
 * The state of the session. It is the same object until something changes, as `useSyncExternalStore` and similar functions
 * need it.
 */
export type SessionSnapshot =
  /** Not known yet. With a stored session it is known at once. */
  | { readonly status: 'checking'; readonly userIdentity: null }
  /** The shopper has an anonymous user id. The session stays while Authress cannot be reached. */
  | { readonly status: 'anonymous'; readonly userIdentity: UserIdentity }
  /** The shopper has signed in. The session stays while Authress cannot be reached. */
  | { readonly status: 'signed-in'; readonly userIdentity: UserIdentity }
  | { readonly status: 'signed-out'; readonly userIdentity: null };

/**
 * A change of the session, in this tab or another one.
 *
 * - `ready`: the client knows whether there is a session, for the first time on this page;
 * - `signed-in`: a session began, anonymous or not, or another user's session replaced it;
 * - `token-renewed`: the session has new tokens;
 * - `signed-out`: the session ended;
 * - `login-…`, `link-…`: the browser came back from a login or link. Another tab has this event only if its module was loaded
 *   by then; every tab has `signed-in` and `signed-out`;
 * - `load-failed`: a file of this package could not be loaded in this tab; `error.message` says why and what to do. After a
 *   deployment the files may be gone: offer to reload the page. The snapshot is no longer `checking`; the next call tries
 *   again.
 */
export type SessionEvent =
  | { readonly type: 'load-failed'; readonly error: LoginError }
  | { readonly type: 'ready' | 'signed-in' | 'token-renewed' | 'signed-out' }
  | { readonly type: 'login-completed' | 'login-cancelled' | 'login-refused'; readonly result: Readonly<LoginResult> }
  | { readonly type: 'link-completed' | 'link-cancelled' | 'link-refused'; readonly result: Readonly<LinkResult> };
