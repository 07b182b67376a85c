// authress-login-wasm/testing: the package's exports for the tests of an application. Its clients have no module, no storage
// and no network; a test sets the session.
import { LoginError } from './errors.js';

/**
 * @import { LinkResult, LoginResult, RedirectResult, SessionSnapshot, UserIdentity } from 'authress-login-wasm'
 * @import { ErrorDetails, LoginErrorCode } from './errors.js'
 */

/**
 * @typedef {object} State
 * @property {Set<(event: object) => void>} listeners
 * @property {SessionSnapshot} snapshot
 * @property {string | null} token
 * @property {LinkResult | null} linkResult
 * @property {LoginResult | null} loginResult
 * @property {RedirectResult | null} redirectResult
 * @property {Map<string, LoginError[]>} failures the next failures of each method
 * @property {((exists: true) => void)[]} waiting
 */
/**
 * A method of the test double.
 * @typedef {(this: LoginClient, state: State, ...values: any[]) => unknown} Method
 */

export { RedirectOpenType, UserConfigurationScreen } from './client.js';
export { LoginError } from './errors.js';

/** @type {SessionSnapshot} */
const SIGNED_OUT = Object.freeze({ status: 'signed-out', userIdentity: null });
/** @type {SessionSnapshot} */
const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

/** @type {(userIdentity: any) => SessionSnapshot} */
const snapshotOf = (userIdentity) =>
  Object.freeze({
    status: userIdentity.isAnonymous ? 'anonymous' : 'signed-in',
    userIdentity: Object.freeze(userIdentity),
  });

export class LoginClient {
  /**
   * The calls so far.
   * @type {{ method: string, values: unknown[] }[]}
   */
  calls = [];

  /** @param {unknown} [settings] */
  constructor(settings) {
    /** @type {State} */
    const state = {
      listeners: new Set(),
      snapshot: SIGNED_OUT,
      token: null,
      linkResult: null,
      loginResult: null,
      redirectResult: null,
      failures: new Map(),
      waiting: [],
    };
    this.settings = settings;
    // In a function, so that a proxy of the client works too.
    this.state = () => state;
  }

  // For tests.

  /**
   * @param {Partial<UserIdentity> | null} userIdentity
   * @param {string} [token]
   */
  setSession(userIdentity, token = 'test-token') {
    const state = this.state();
    const before = state.snapshot.status;
    state.token = userIdentity ? token : null;
    state.snapshot = userIdentity
      ? snapshotOf({
          userId: userIdentity.sub,
          sub: userIdentity.userId,
          isAnonymous: false,
          sessionOrigin: 'begun',
          ...userIdentity,
        })
      : SIGNED_OUT;
    if (userIdentity) for (const resolve of state.waiting.splice(0)) resolve(true);
    const type = userIdentity ? 'signed-in' : 'signed-out';
    this.emit({ type: before === 'checking' ? 'ready' : type });
  }

  setChecking() {
    Object.assign(this.state(), { snapshot: CHECKING, token: null });
  }

  /** @param {LinkResult | null} result */
  setLinkResult(result) {
    this.state().linkResult = result;
  }

  /** @param {LoginResult | null} result */
  setLoginResult(result) {
    this.state().loginResult = result;
  }

  /** @param {RedirectResult | null} result */
  setRedirectResult(result) {
    this.state().redirectResult = result;
  }

  /**
   * @param {string} method
   * @param {LoginErrorCode} code
   * @param {ErrorDetails} [more]
   */
  failNext(method, code, more) {
    const { failures } = this.state();
    failures.set(method, [...(failures.get(method) ?? []), new LoginError(code, more)]);
  }

  /** @param {object} event */
  emit(event) {
    for (const listener of [...this.state().listeners]) listener(Object.freeze(event));
  }

  // For the application.

  /** @param {(event: any) => void} listener */
  subscribe(listener) {
    /** @param {object} event */
    const entry = (event) => listener(event);
    this.state().listeners.add(entry);
    return () => {
      this.state().listeners.delete(entry);
    };
  }

  getSnapshot() {
    return this.state().snapshot;
  }

  getUserIdentity() {
    return this.state().snapshot.userIdentity;
  }

  getMatchingDomainInfo() {
    return false;
  }

  sanitizeQueryParameters() {}
}

/**
 * The results of the methods; one that needs a session rejects without one.
 * @type {Record<string, Method>}
 */
const METHODS = {
  signInAnonymously: ({ token, snapshot }) => (token === null ? null : snapshot),
  signIn: () => null,
  switchAccount: () => null,
  authenticate: () => null,
  authenticateWithOneTimeCode: () => ({}),
  linkIdentity: needsSession((state) => checkLink(state)),
  linkIdentityWithOneTimeCode: needsSession((state) => {
    checkLink(state);
    return {};
  }),
  unlinkIdentity: needsSession(() => undefined),
  updateExtensionAuthenticationRequest: () => null,
  getLinkResult: ({ linkResult }) => linkResult,
  getLoginResult: ({ loginResult }) => loginResult,
  getRedirectResult(state) {
    const { redirectResult } = state;
    // As the client does: the application gets what it has given once.
    if (redirectResult) state.redirectResult = { ...redirectResult, appState: null, claimTicket: undefined };
    return redirectResult;
  },
  userSessionExists: ({ token }) => token !== null,
  waitForUserSession: (state) =>
    state.token !== null ||
    new Promise((resolve) => {
      state.waiting.push(resolve);
    }),
  ensureToken: needsSession(({ token }) => token, 'TokenTimeout'),
  getToken: needsSession(({ token }) => token, 'TokenTimeout'),
  // With headers as an object, which is the easiest form for a test's own `fetch`; jsdom has no Headers and no Request.
  fetch: needsSession(({ token }, input, init) => {
    const given = init?.headers ?? {};
    const headers = Object.fromEntries(Symbol.iterator in given ? given : Object.entries(given));
    return fetch(input, { ...init, headers: { ...headers, Authorization: `Bearer ${token}` } });
  }),
  getUserProfile: needsSession(() => ({ linkedIdentities: [] })),
  getConnectionCredentials: () => null,
  getDevices: () => [],
  registerDevice: needsSession((_, options) => ({
    deviceId: 'test-device',
    ...(options?.name && { name: options.name }),
  })),
  deleteDevice: needsSession(() => undefined),
  openUserConfigurationScreen: needsSession(() => undefined),
  logout: endSession,
  signOut: endSession,
};

/**
 * @this {LoginClient}
 * @param {State} state
 */
function endSession({ token }) {
  if (token !== null) this.setSession(null);
}

/**
 * Rejects as the client does, so that an application can test the way on.
 * @param {State} state
 */
function checkLink({ snapshot: { userIdentity } }) {
  if (userIdentity?.isAnonymous && userIdentity.sessionOrigin === 'found') throw new LoginError('SessionNotBegunHere');
}

/**
 * @param {(state: State, ...values: any[]) => unknown} method
 * @param {LoginErrorCode} [code]
 * @returns {Method}
 */
function needsSession(method, code = 'NotLoggedIn') {
  return (state, ...values) => {
    if (state.token === null) throw new LoginError(code);
    return method(state, ...values);
  };
}

for (const [method, act] of Object.entries(METHODS)) {
  /**
   * @this {LoginClient}
   * @param {...any} values
   */
  const call = async function (...values) {
    this.calls.push({ method, values });
    const state = this.state();
    const failure = state.failures.get(method)?.shift();
    if (failure) throw failure;
    return act.call(this, state, ...values);
  };
  Object.assign(LoginClient.prototype, { [method]: call });
}

/**
 * @param {{ status?: SessionSnapshot['status'], userIdentity?: Partial<UserIdentity>, token?: string, settings?: unknown }} [state]
 */
export function createTestClient({ status, userIdentity, token, settings } = {}) {
  const client = new LoginClient(settings);
  const given = status ?? (userIdentity || token ? 'signed-in' : 'signed-out');
  if (given === 'checking') client.setChecking();
  else if (given !== 'signed-out')
    client.setSession({ userId: 'user_test', isAnonymous: given === 'anonymous', ...userIdentity }, token);
  return client;
}

export class ExtensionClient {
  async getUserIdentity() {
    return null;
  }

  async getTokenResponse() {
    return null;
  }

  /** @param {{ silent?: boolean }} [options] */
  async requestToken(options) {
    if (options?.silent) return null;
    throw new LoginError('InvalidAuthorizationCode');
  }

  async login() {
    return null;
  }
}

export async function initWasm() {}
