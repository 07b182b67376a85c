import type {
  ExtensionClient as RealExtensionClient,
  LinkResult,
  LoginClient as RealLoginClient,
  LoginClientSettings,
  LoginErrorCode,
  LoginResult,
  SessionEvent,
  UserIdentity,
} from './index.js';

export { LoginError, RedirectOpenType, UserConfigurationScreen, initWasm } from './index.js';

/**
 * A test double of `LoginClient`: the same methods without module, storage, network and navigation. It starts signed out;
 * the test sets the session.
 *
 * - `userSessionExists()`, `getToken()`, `getUserIdentity()`, `getSnapshot()` and `subscribe()` follow the session.
 * - A method that needs a session rejects without one, like the real client: `NotLoggedIn`, or `TokenTimeout` for tokens.
 * - `authenticate()` and `linkIdentity()` resolve and stay on the page; `calls` has their options.
 * - `fetch()` calls the global `fetch` with the token in `Authorization`.
 */
export class LoginClient extends RealLoginClient {
  constructor(settings?: LoginClientSettings);

  /** The settings that the application passed. */
  readonly settings: LoginClientSettings | undefined;

  /** The asynchronous methods that the application has called, in order. */
  readonly calls: { method: string; values: unknown[] }[];

  /**
   * Starts a session, or replaces it; `null` ends it. Listeners get the event.
   *
   * @param userIdentity The claims; one of `sub` and `userId` is enough. `isAnonymous` is `false` and
   * `sessionOrigin` is `begun` by default.
   * @param token What `getToken()` returns. Default `test-token`.
   */
  setSession(userIdentity: Partial<UserIdentity> | null, token?: string): void;

  /** Sets the state in which it is not known yet whether there is a session. `setSession` ends it. */
  setChecking(): void;

  /** Sets what `getLinkResult()` returns. Default `null`. */
  setLinkResult(result: LinkResult | null): void;

  /** Sets what `getLoginResult()` returns. Default `null`. */
  setLoginResult(result: LoginResult | null): void;

  /** Makes the next call of a method reject with a `LoginError`. Two calls affect the next two calls of the method. */
  failNext(
    method: string,
    code: LoginErrorCode,
    more?: { status?: number; serverCode?: string; detail?: string },
  ): void;

  /** Calls the listeners with an event. */
  emit(event: SessionEvent): void;
}

/** A test double of `ExtensionClient`, without a token. */
export class ExtensionClient extends RealExtensionClient {}
