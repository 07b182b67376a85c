import type { LoginErrorCode } from './errors.js';

/** The settings of a `LoginClient`. */
export interface LoginClientSettings {
  /**
   * Your Authress custom domain, for example `https://login.example.com`. Without `http:` or `https:` at its start, https is
   * meant; any other scheme is refused.
   * @throws {LoginError} `InvalidAuthressApiUrl` from the constructor.
   */
  authressApiUrl: string;
  /**
   * The application that shoppers sign in to, `app_…`. Default, only if the setting is absent: `app_default`. `null` and
   * `undefined` are refused, because they are usually a missing environment variable.
   * @throws {LoginError} `InvalidApplication` from the constructor.
   */
  applicationId?: string;
  /**
   * The service client (`sc_…`) whose verifier gives visitors an anonymous user id; `signInAnonymously` needs it. Default: none.
   * @throws {LoginError} `InvalidInput` from the constructor: it is no such id, also `null` and `undefined`.
   */
  anonymousConnectionId?: string;
  /**
   * A small static file of this site, absolute or relative, at which a login in the background ends: with it,
   * `signInAnonymously` does not leave the page where shop, Authress and verifier are one https site. It must be among the
   * application's redirect URLs, the verifier must have `navigation.allow_background`, and `connect-src` of a
   * Content-Security-Policy must list the verifier's origin. Default: none, and every login leaves the page.
   * @throws {LoginError} `InvalidInput` from the constructor: it is no text, or empty.
   */
  backgroundRedirectUrl?: string;
  /**
   * Origins besides the page's own to which `fetch` may send the access token, for example `['https://api.example.com']`.
   * Default: none.
   * @throws {LoginError} `InvalidInput` from the constructor.
   */
  tokenOrigins?: readonly string[];
  /** Do not handle a callback and do not look for a stored session until a method is called. Default `false`. */
  skipBackgroundCredentialsCheck?: boolean;
  /**
   * When to load the WebAssembly module if no call needs it earlier. A call that needs the module, and a callback URL, load
   * it at once.
   *
   * - `idle`: while the page is idle after its `load` event, so that a first press finds the module ready. Not if the shopper
   *   has asked to save data (`navigator.connection.saveData`). With `skipBackgroundCredentialsCheck` only once a method has
   *   been called.
   * - `eager`: with the first client.
   * - `none`: not before a call needs it. Until then a stored session is used and not renewed.
   *
   * Default `idle`. Clients of one custom domain and application share the module: `none` has an effect only if all of them
   * have it.
   * @throws {LoginError} `InvalidInput` from the constructor.
   */
  preload?: 'idle' | 'eager' | 'none';
  /** Keep the `user` cookie after reading it. Default `false`. */
  retainUserCookie?: boolean;
}

/** Receives the client's log messages, one object for each. `console` is the default. */
export interface Logger {
  log?(entry: LogEntry): void;
  warn?(entry: LogEntry): void;
}

/** A log message. It never contains a token, an authorization code or a code verifier. */
export interface LogEntry {
  title: string;
  code?: LoginErrorCode;
  status?: number;
  serverCode?: string;
}
