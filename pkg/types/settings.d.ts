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
   * Origins besides the page's own to which `fetch` may send the access token, for example `['https://api.example.com']`.
   * Default: none.
   * @throws {LoginError} `InvalidInput` from the constructor.
   */
  tokenOrigins?: readonly string[];
  /** Do not handle a callback and do not look for a stored session until a method is called. Default `false`. */
  skipBackgroundCredentialsCheck?: boolean;
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
