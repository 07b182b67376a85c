import type {
  ExtensionClient as RealExtensionClient,
  LinkResult,
  LoginClient as RealLoginClient,
  LoginClientSettings,
  LoginErrorCode,
  LoginResult,
  RedirectResult,
  SessionEvent,
  SessionSnapshot,
  UserIdentity,
} from './index.js';

export { LoginError, RedirectOpenType, UserConfigurationScreen, initWasm } from './index.js';

/**
 * A test double of `LoginClient`: the same methods without module, storage, network and navigation. It starts signed out;
 * the test sets the session.
 *
 * - `userSessionExists()`, `getToken()`, `getUserIdentity()`, `getSnapshot()` and `subscribe()` follow the session.
 * - A method that needs a session rejects without one, like the real client: `NotLoggedIn`, or `TokenTimeout` for tokens.
 * - `signInAnonymously()`, `signIn()`, `authenticate()` and `linkIdentity()` resolve and stay on the page; `calls` has their
 *   options. Set with `setSession` and `setRedirectResult` what the shopper comes back with.
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

  /** Sets what `getRedirectResult()` returns; its `appState` and `claimTicket` once. Default `null`. */
  setRedirectResult(result: RedirectResult | null): void;

  /** Makes the next call of a method reject with a `LoginError`. Two calls affect the next two calls of the method. */
  failNext(
    method: string,
    code: LoginErrorCode,
    more?: { status?: number; serverCode?: string; detail?: string },
  ): void;

  /** Calls the listeners with an event. */
  emit(event: SessionEvent): void;
}

/**
 * Creates a test double in a state.
 *
 * @param state.status Default: `signed-in` with a `userIdentity` or `token`, otherwise `signed-out`.
 * @param state.userIdentity Claims; the user id is `user_test` by default.
 * @param state.token What `getToken()` returns. Default `test-token`.
 * @param state.settings As for the constructor.
 */
export function createTestClient(state?: {
  status?: SessionSnapshot['status'];
  userIdentity?: Partial<UserIdentity>;
  token?: string;
  settings?: LoginClientSettings;
}): LoginClient;

/** A test double of `ExtensionClient`, without a token. */
export class ExtensionClient extends RealExtensionClient {}
