/** Cancellation and deadline of one call. */
export interface CallLimits {
  /**
   * Cancels the call: the promise rejects with the signal's `reason`, and no further step happens. A login that has not
   * left the page stays on it.
   */
  signal?: AbortSignal;
  /**
   * The deadline in milliseconds, after which the call rejects with `RequestTimeout`. Default, also for `null`: 30,000
   * (`registerDevice`: 120,000). A negative number or `Infinity` sets none.
   */
  timeoutInMillis?: number;
}

/** What an application gives for its return to the page. */
export interface ReturnState {
  /**
   * What the shopper was about to do: any value that JSON holds in at most 2,048 bytes. It stays in this browser and comes back
   * in `getRedirectResult()`, also after a cancelled or failed login.
   */
  appState?: unknown;
}

/** Options of `signInAnonymously`. */
export interface SignInAnonymouslyOptions extends CallLimits, ReturnState {
  /** The page to return to, absolute or relative. Default: this page. */
  redirectUrl?: string;
  /**
   * - `auto`: with the setting `backgroundRedirectUrl` the login happens in the background if that is possible, four seconds at
   *   most. If not, the page is left, and the log says why.
   * - `redirect`: the page is left.
   *
   * Default `auto`.
   */
  mode?: 'auto' | 'redirect';
}

/** Options of `signIn` and `switchAccount`. */
export type SignInOptions = AuthenticateOptions & {
  /**
   * A claim ticket of the shop's API for what the anonymous shopper owns, at most 2,048 bytes as JSON, or a function that
   * requests one. The function is called only if the shopper is anonymous and the user id does not become the customer's. The
   * ticket stays in this browser and comes back in `getRedirectResult()`: redeem it there.
   */
  claimTicket?: string | (() => string | Promise<string>);
};

/** Options of `signOut`. */
export interface SignOutOptions extends CallLimits {
  /** The page to open afterwards, absolute or relative. Default: this page. */
  redirectUrl?: string;
}

/** Options of `ensureToken` and `getToken`. */
export interface EnsureTokenOptions {
  /** Stops waiting: the promise rejects with the signal's `reason`. */
  signal?: AbortSignal;
  /**
   * How long to wait for a session, in milliseconds. Default 5,000. 0 reads this browser only: no request, no waiting. -1
   * waits as long as a timer can (about 24.8 days).
   */
  timeoutInMillis?: number;
}

/** Options of `authenticate`. */
export interface AuthenticateOptions extends CallLimits, ReturnState {
  /** The identity provider's connection, or your service client (`sc_…`) for an anonymous user id. */
  connectionId?: string;
  /** The tenant to sign in to. Takes precedence over `connectionId`. */
  tenantLookupIdentifier?: string;
  /**
   * An invite to accept, from `readInvite()` of `authress-login-wasm/invite` or from your server. `signIn` then always logs in
   * and never links: the user id may be the one that the invite names.
   */
  inviteId?: string;
  /**
   * The page to return to, absolute or relative. Default: this page. On another origin the login can be completed only
   * where Authress's cookies reach it; otherwise the logger gets a warning.
   */
  redirectUrl?: string;
  /** How Authress returns the session. Default, also for an empty string: `cookie`. */
  responseLocation?: 'cookie' | 'query' | 'none';
  /** Which of `code token id_token` to request, separated by spaces. Default `token id_token`. */
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
   * How the login continues. `redirect` leaves the page; `tab` opens another tab, or leaves the page if the browser opens
   * none; `client-managed` leaves it to the application. With any of them the response is returned. Takes precedence over
   * `openType`.
   */
  redirectOpenType?: 'redirect' | 'tab' | 'client-managed';
  /** The older option to open another tab. */
  openType?: 'tab';
  /** Accepted for compatibility, without effect: the old session stays until the new one has arrived. */
  clearUserDataBeforeLogin?: boolean;
}

/** What to link: at least one of the two. */
export type LinkWith =
  | {
      /** The connection of the identity provider. */
      connectionId: string;
      /** The tenant that the identity provider belongs to. */
      tenantLookupIdentifier?: string;
    }
  | { connectionId?: undefined; tenantLookupIdentifier: string };

/** Options of `linkIdentity`. */
export type LinkIdentityOptions = LinkWith & LinkIdentitySettings;

export interface LinkIdentitySettings extends CallLimits, ReturnState {
  /** The page to return to, absolute or relative. Default: this page. */
  redirectUrl?: string;
  /** Properties for the identity provider. */
  connectionProperties?: { readonly [name: string]: unknown };
  /** How the link continues; as for `authenticate`. */
  redirectOpenType?: 'redirect' | 'tab' | 'client-managed';
}

/** Options of `authenticateWithOneTimeCode`. */
export interface OneTimeCodeOptions extends CallLimits, ReturnState {
  /** The service client that checks the code, `sc_…`. */
  serviceClientId: string;
  inviteId?: string;
  /** The page to return to, absolute or relative. Default: this page. */
  redirectUrl?: string;
  responseLocation?: 'cookie' | 'query' | 'none';
  flowType?: string;
  scopes?: readonly string[];
  audiences?: readonly string[];
  /** Accepted for compatibility, without effect, as for `authenticate`. */
  clearUserDataBeforeLogin?: boolean;
}

/** Options of `updateExtensionAuthenticationRequest`: at least one of connection, tenant and hint. */
export interface UpdateExtensionOptions extends CallLimits {
  /** The authentication request. Default: the `state` in the address. */
  state?: string;
  connectionId?: string;
  tenantLookupIdentifier?: string;
  /** An e-mail address or domain, instead of `tenantLookupIdentifier`. */
  hint?: string;
  connectionProperties?: { readonly [name: string]: unknown };
}

/** The values of `redirectOpenType`. */
export const RedirectOpenType: {
  readonly Redirect: 'redirect';
  readonly Tab: 'tab';
  readonly ClientManaged: 'client-managed';
};

/** The pages of `openUserConfigurationScreen`. */
export const UserConfigurationScreen: { readonly Profile: 'Profile'; readonly MFA: 'MFA' };
