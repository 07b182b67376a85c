// authress-login-wasm/testing: the package's exports for the tests of an application. Its clients have no module, no storage
// and no network; a test says what the session is.
import { LoginError } from './errors.js';

export { RedirectOpenType, UserConfigurationScreen } from './client.js';
export { LoginError } from './errors.js';

const SIGNED_OUT = Object.freeze({ status: 'signed-out', userIdentity: null });
const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

const snapshotOf = (userIdentity) => Object.freeze({ status: 'signed-in', userIdentity: Object.freeze(userIdentity) });

export class LoginClient {
  /** The calls so far: `{method, values}`. */
  calls = [];

  constructor(settings) {
    const state = {
      listeners: new Set(),
      snapshot: SIGNED_OUT,
      token: null,
      linkResult: null,
      loginResult: null,
      failures: new Map(),
      waiting: [],
    };
    this.settings = settings;
    // In a function, so that a proxy of the client works too.
    this.state = () => state;
  }

  // What a test does

  setSession(userIdentity, token = 'test-token') {
    const state = this.state();
    const before = state.snapshot.status;
    state.token = userIdentity ? token : null;
    state.snapshot = userIdentity
      ? snapshotOf({ userId: userIdentity.sub, sub: userIdentity.userId, isAnonymous: false, ...userIdentity })
      : SIGNED_OUT;
    if (userIdentity) for (const resolve of state.waiting.splice(0)) resolve(true);
    this.emit({ type: before === 'checking' ? 'ready' : state.snapshot.status });
  }

  setChecking() {
    Object.assign(this.state(), { snapshot: CHECKING, token: null });
  }

  setLinkResult(result) {
    this.state().linkResult = result;
  }

  setLoginResult(result) {
    this.state().loginResult = result;
  }

  failNext(method, code, more) {
    const { failures } = this.state();
    failures.set(method, [...(failures.get(method) ?? []), new LoginError(code, more)]);
  }

  emit(event) {
    for (const listener of [...this.state().listeners]) listener(Object.freeze(event));
  }

  // What the application calls

  subscribe(listener) {
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

/** What each method returns; one that needs a session rejects without one. */
const METHODS = {
  authenticate: () => null,
  authenticateWithOneTimeCode: () => ({}),
  linkIdentity: needsSession(() => undefined),
  linkIdentityWithOneTimeCode: needsSession(() => ({})),
  unlinkIdentity: needsSession(() => undefined),
  updateExtensionAuthenticationRequest: () => null,
  getLinkResult: ({ linkResult }) => linkResult,
  getLoginResult: ({ loginResult }) => loginResult,
  userSessionExists: ({ token }) => token !== null,
  waitForUserSession: (state) => state.token !== null || new Promise((resolve) => state.waiting.push(resolve)),
  ensureToken: needsSession(({ token }) => token, 'TokenTimeout'),
  getToken: needsSession(({ token }) => token, 'TokenTimeout'),
  // In the form that is easiest to look at in a `fetch` of the test's own; jsdom has no Headers and no Request.
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
  logout(state) {
    if (state.token !== null) this.setSession(null);
  },
};

function needsSession(method, code = 'NotLoggedIn') {
  return (state, ...values) => {
    if (state.token === null) throw new LoginError(code);
    return method(state, ...values);
  };
}

for (const [method, act] of Object.entries(METHODS)) {
  LoginClient.prototype[method] = async function (...values) {
    this.calls.push({ method, values });
    const state = this.state();
    const failure = state.failures.get(method)?.shift();
    if (failure) throw failure;
    return act.call(this, state, ...values);
  };
}

export class ExtensionClient {
  async getUserIdentity() {
    return null;
  }

  async getTokenResponse() {
    return null;
  }

  async requestToken(options) {
    if (options?.silent) return null;
    throw new LoginError('InvalidAuthorizationCode');
  }

  async login() {
    return null;
  }
}

export async function initWasm() {}
