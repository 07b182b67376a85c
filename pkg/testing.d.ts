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
 * A `LoginClient` for the tests of an application: the same methods, without module, storage, network and navigation. It
 * begins signed out, and a test says what the session is.
 *
 * - `userSessionExists()`, `getToken()`, `getUserIdentity()`, `getSnapshot()` and `subscribe()` follow the session.
 * - A method that needs a session rejects without one, as the real one does: `NotLoggedIn`, or `TokenTimeout` for tokens.
 * - `authenticate()` and `linkIdentity()` resolve and leave no page: see what was asked for in `calls`.
 * - `fetch()` calls the global `fetch` with the token in `Authorization`.
 */
export class LoginClient extends RealLoginClient {
  constructor(settings?: LoginClientSettings);

  /** What the application made the client with. */
  readonly settings: LoginClientSettings | undefined;

  /** The asynchronous methods that the application has called, in order. */
  readonly calls: { method: string; values: unknown[] }[];

  /**
   * Begins the session of a shopper, or another one; `null` ends it. Listeners get the event.
   *
   * @param userIdentity The claims; one of `sub` and `userId` is enough. `isAnonymous` is `false` by default.
   * @param token What `getToken()` returns. Default `test-token`.
   */
  setSession(userIdentity: Partial<UserIdentity> | null, token?: string): void;

  /** The state before it is known whether there is a session. `setSession` ends it. */
  setChecking(): void;

  /** What `getLinkResult()` returns. Default `null`. */
  setLinkResult(result: LinkResult | null): void;

  /** What `getLoginResult()` returns. Default `null`. */
  setLoginResult(result: LoginResult | null): void;

  /** Makes the next call of a method reject with a `LoginError`; called twice, the next two. */
  failNext(
    method: string,
    code: LoginErrorCode,
    more?: { status?: number; serverCode?: string; detail?: string },
  ): void;

  /** Calls the listeners with an event. */
  emit(event: SessionEvent): void;
}

/** An `ExtensionClient` without a token. */
export class ExtensionClient extends RealExtensionClient {}
