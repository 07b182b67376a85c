// The classes that storefronts see. They check their settings at once, load the WebAssembly module by
// themselves and forward every call to it. What the calls do is written in Rust.
import { LoginError, asLoginError } from './errors.js';
import { LONGEST_TIMER_MS, makeHost, ofDocument, pause } from './host.js';
import { alive, hasLived, load, rejectOnCrash } from './load.js';
import { abortReason, checkedExtension, checkedHost, checkedLimits, checkedSettings, invalidInput } from './settings.js';
import { storedSession, withAnonymity } from './stored-session.js';
import { watchBrowser } from './watch.js';
import { hasPage, withoutPage } from './without-page.js';

/** How long a call may take unless the caller says otherwise, in milliseconds. */
const DEADLINE_MS = 30_000;
/** The same where the browser asks the shopper something. */
const SHOPPER_DEADLINE_MS = 120_000;
/** How long after the page has loaded the module is loaded if nobody has needed it yet, in milliseconds. */
const LATER_MS = 2_000;
/** The answer to a token that is not accepted, RFC 6750 section 3.1. */
const UNAUTHORIZED = 401;

/** By which method of the module's clients the methods of its parts are called. */
const CALLS = { undefined: 'call', start: 'callStart', account: 'callAccount' };

const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

function later(work) {
  const wait = () => setTimeout(work, LATER_MS);
  if (ofDocument('readyState') === 'complete') wait();
  else addEventListener('load', wait, { once: true });
}

// One client of the module, made when the module is there, and anew after a crash.
class Loaded {
  #make;
  #part;
  #classes;
  #client;
  #making;
  #onFailure;

  // `part` is where its class is, if that is not on every page. `onFailure` gets what keeps it from being ready.
  constructor(make, part, onFailure) {
    this.#make = make;
    this.#part = part;
    this.#onFailure = onFailure;
  }

  async ready(part = this.#part) {
    try {
      // It may crash between being there and being used.
      const isMade = (part) => this.#classes !== undefined && this.#classes === alive(part);
      while (!isMade(part)) {
        if (part) await load(part);
        if (!isMade()) await (this.#making ??= this.#makeClient());
      }
    } catch (cause) {
      const error = asLoginError(cause);
      this.#onFailure?.(error);
      throw error;
    }
    return this.#client;
  }

  async #makeClient() {
    try {
      const classes = await load(this.#part);
      this.#client = this.#make(classes);
      this.#classes = classes;
      await pause();
    } finally {
      this.#making = undefined;
    }
  }

  // Calls a method of the module with its one value until `limits`, which callers give, are reached: `{signal,
  // timeoutInMillis}`. `deadlineMs` is the deadline without any.
  call(method, limits, value, part, deadlineMs = DEADLINE_MS) {
    const { signal, timeoutInMillis } = checkedLimits(limits, deadlineMs);
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      let stop;
      // The module goes on with nothing that nobody waits for.
      const stopped = new Promise((resolve) => {
        stop = resolve;
      });
      const settle = (then) => (value) => {
        clearTimeout(timer);
        signal?.removeEventListener?.('abort', onAbort);
        settled();
        then(value);
      };
      const give = settle(resolve);
      const fail = settle(reject);
      const giveUp = (reason) => {
        fail(reason);
        isGivenUp = true;
        stop();
      };
      const settled = rejectOnCrash(fail);
      const onAbort = () => giveUp(abortReason(signal));
      const timer =
        timeoutInMillis >= 0 && timeoutInMillis <= LONGEST_TIMER_MS
          ? setTimeout(() => giveUp(new LoginError('RequestTimeout')), timeoutInMillis)
          : undefined;
      signal?.addEventListener('abort', onAbort);
      const result = hasPage()
        ? this.ready(part).then((client) => (isGivenUp ? undefined : client[CALLS[part]](method, stopped, value)))
        : withoutPage(method, value);
      result.then(give, (error) => fail(asLoginError(error)));
    });
  }

  // Undefined until the module is there.
  callNow(method, ...values) {
    if (this.#classes !== alive()) return undefined;
    try {
      return this.#client?.[method](...values);
    } catch (error) {
      throw asLoginError(error);
    }
  }
}

export const UserConfigurationScreen = Object.freeze({ Profile: 'Profile', MFA: 'MFA' });

export const RedirectOpenType = Object.freeze({ Redirect: 'redirect', Tab: 'tab', ClientManaged: 'client-managed' });

/**
 * Where a client keeps its state: in a function, since a proxy of the client (Vue's `reactive`, an application's own) wraps
 * neither a function nor what only the function can reach. Private members would not be there on a proxy.
 */
const STATE = Symbol('state');

const callStart = (client, method, options) => client[STATE]().loaded.call(method, options, options, 'start');

const callAccount = (client, method, limits, value, deadlineMs) =>
  client[STATE]().loaded.call(method, limits, value, 'account', deadlineMs);

/** The identity as applications get it, null where there is none. */
const known = (identity) => (identity ? withAnonymity(identity) : null);

function emit(state, type, snapshot, result, error) {
  if (snapshot) state.snapshot = Object.freeze({ ...snapshot, userIdentity: known(snapshot.userIdentity) });
  const event = Object.freeze({ type, ...(result && { result: Object.freeze(result) }), ...(error && { error }) });
  for (const listener of [...state.listeners]) {
    try {
      listener(event);
    } catch (error) {
      // The page's own error, as with any listener: it reaches window.onerror and stops no other listener.
      setTimeout(() => {
        throw error;
      });
    }
  }
}

function snapshotOf(state) {
  // The module would say the same, once it is there.
  const session = state.snapshot === CHECKING && state.storedSession();
  if (session) state.snapshot = Object.freeze({ status: 'signed-in', userIdentity: session.identity });
  return state.snapshot;
}

/** A file of the package could not be loaded. Without the module no one else ends `checking`; calls that wait for one file
 * fail with one cause. */
function loadFailed(state, error) {
  if (error.code !== 'ModuleLoadFailed' || error.cause === state.loadFailure) return;
  state.loadFailure = error.cause;
  emit(state, 'load-failed', snapshotOf(state) === CHECKING && { status: 'signed-out', userIdentity: null }, undefined, error);
  // One function, so that it is called once however many loads have failed.
  state.onOnline ??= () => state.listeners.size && check(state);
  addEventListener('online', state.onOnline, { once: true });
}

const check = (state) => state.loaded.call('userSessionExists').catch(() => {});

export class LoginClient {
  constructor(settings, logger) {
    const [origin, applicationId, tokenOrigins, retainsUserCookie, skipsCheck] = checkedSettings(settings);
    const part = (name) => load(name).catch((error) => {
      loadFailed(state, error);
      throw error;
    });
    const host = { ...makeHost(logger ?? console, asLoginError), part, emit: (...values) => emit(state, ...values) };
    let isWatched = false;
    const values = [origin, applicationId, tokenOrigins, retainsUserCookie, host];
    let isExpected = false;
    const state = { listeners: new Set(), snapshot: CHECKING };
    this[STATE] = () => state;
    // Until the module has been there: it also knows what this page has heard of since.
    state.storedSession = () => {
      if (!hasPage() || hasLived()) return undefined;
      const session = storedSession(origin, applicationId);
      if (session && !isExpected) {
        isExpected = true;
        later(() => state.loaded.ready().catch(() => {})); // It renews the session.
      }
      return session;
    };
    state.loaded = new Loaded(({ Client }) => {
      const client = new Client(...values);
      if (!isWatched) host.tellTabs = watchBrowser(`authress-login ${origin} ${applicationId}`, state.loaded);
      isWatched = true;
      client.keepSession();
      return client;
    }, undefined, (error) => loadFailed(state, error));
    state.mayTakeToken = (url) => {
      const { origin, protocol } = new URL(url);
      const isSafe = protocol === 'https:' || (protocol === 'http:' && location.protocol !== 'https:');
      return isSafe && [location.origin, ...tokenOrigins.split(' ')].includes(origin);
    };
    if (!hasPage() || skipsCheck) return;
    // A return is taken up even if the page never asks; whoever asks learns of a failure. With a session
    // that is not in doubt there is none, and the page, which may ask at once, comes first.
    queueMicrotask(() => {
      if (!isExpected) this.userSessionExists({ timeoutInMillis: Infinity, backgroundTrigger: true }).catch(() => {});
    });
  }

  subscribe(listener) {
    if (typeof listener !== 'function') throw invalidInput('subscribe needs a function.');
    // Nothing ever happens to a session on a server, and a client that renders many pages there would keep every listener.
    if (!hasPage()) return () => {};
    // A function of its own, so that a listener given twice is called and removed once each.
    const entry = (event) => listener(event);
    const state = this[STATE]();
    state.listeners.add(entry);
    state.firstCheck ??= check(state);
    return () => {
      state.listeners.delete(entry);
    };
  }

  getSnapshot() {
    return snapshotOf(this[STATE]());
  }

  async authenticate(options) {
    return callStart(this, 'authenticate', options);
  }

  async authenticateWithOneTimeCode(options) {
    return callStart(this, 'authenticateWithOneTimeCode', options);
  }

  async linkIdentity(options) {
    return callStart(this, 'linkIdentity', options);
  }

  async linkIdentityWithOneTimeCode(options) {
    return callStart(this, 'linkIdentityWithOneTimeCode', options);
  }

  async getLinkResult(limits) {
    return this[STATE]().loaded.call('getLinkResult', limits);
  }

  async getLoginResult(limits) {
    return this[STATE]().loaded.call('getLoginResult', limits);
  }

  async unlinkIdentity(identityId, limits) {
    return callAccount(this, 'unlinkIdentity', limits, identityId);
  }

  async updateExtensionAuthenticationRequest(options) {
    return callAccount(this, 'updateExtensionAuthenticationRequest', options, options);
  }

  async userSessionExists(options) {
    const background = checkedLimits(options).backgroundTrigger;
    if (this[STATE]().storedSession()) return true;
    return this[STATE]().loaded.call('userSessionExists', options, background);
  }

  async waitForUserSession(limits) {
    return this[STATE]().loaded.call('waitForUserSession', limits, undefined, undefined, Infinity);
  }

  async ensureToken(options) {
    const { signal, timeoutInMillis: wait } = checkedLimits(options, 0);
    const stored = this[STATE]().storedSession();
    if (stored) return stored.token;
    // The module keeps to the time itself; what is added is for loading it.
    const timeoutInMillis = wait < 0 ? Infinity : wait + DEADLINE_MS;
    return this[STATE]().loaded.call('ensureToken', { signal, timeoutInMillis }, options);
  }

  async getToken(options) {
    return this.ensureToken(options);
  }

  async fetch(input, init) {
    // Before the request is made: on servers a relative address is none.
    if (!hasPage()) throw new LoginError('NotLoggedIn');
    const request = new Request(input, init);
    const ask = (method, value) => this[STATE]().loaded.call(method, { signal: request.signal, timeoutInMillis: Infinity }, value);
    const send = (request, token) => {
      if (token) request.headers.set('Authorization', `Bearer ${token}`);
      return fetch(request);
    };
    const stored = this[STATE]().storedSession();
    const token = stored && this[STATE]().mayTakeToken(request.url) ? stored.token : await ask('tokenFor', request.url);
    // A body can be read once; the copy is for the second try.
    const again = request.clone();
    const response = await send(request, token);
    if (response.status !== UNAUTHORIZED) return response;
    // Where there is no module there is no other token, and the response says more than that.
    const other = await ask('tokenInsteadOf', token).catch((error) => {
      if (error.code !== 'ModuleLoadFailed') throw error;
    });
    return other ? send(again, other) : response;
  }

  async getUserProfile(limits) {
    return callAccount(this, 'getUserProfile', limits);
  }

  async getConnectionCredentials(limits) {
    return callAccount(this, 'getConnectionCredentials', limits);
  }

  async getDevices(limits) {
    return callAccount(this, 'getDevices', limits);
  }

  async registerDevice(options) {
    return callAccount(this, 'registerDevice', options, options, SHOPPER_DEADLINE_MS);
  }

  async deleteDevice(deviceId, limits) {
    return callAccount(this, 'deleteDevice', limits, deviceId);
  }

  async openUserConfigurationScreen(options) {
    return callAccount(this, 'openUserConfigurationScreen', options, options);
  }

  async logout(redirectUrl, limits) {
    return this[STATE]().loaded.call('logout', limits, redirectUrl);
  }

  getUserIdentity() {
    return this[STATE]().storedSession()?.identity ?? known(this[STATE]().loaded.callNow('getUserIdentity'));
  }

  getMatchingDomainInfo(url) {
    let text = '';
    try {
      text = String(url);
    } catch {} // What cannot be written as text matches nothing.
    return this[STATE]().loaded.callNow('getMatchingDomainInfo', text) ?? false;
  }

  sanitizeQueryParameters() {
    if (hasPage()) this[STATE]().loaded.ready().then((client) => client.sanitizeQueryParameters()).catch(() => {});
  }
}

async function now(client, method) {
  if (!hasPage()) return null;
  await client[STATE]().ready();
  return client[STATE]().callNow(method);
}

export class ExtensionClient {
  constructor(authressCustomDomain, extensionId) {
    const origin = checkedHost(authressCustomDomain);
    const id = checkedExtension(extensionId);
    const loaded = new Loaded((module) => new module.ExtensionClient(origin, id, makeHost(undefined, asLoginError)), 'account');
    this[STATE] = () => loaded;
    if (hasPage()) this.requestToken({ silent: true }).catch(() => {});
  }

  async getUserIdentity() {
    return now(this, 'getUserIdentity');
  }

  async getTokenResponse() {
    return now(this, 'getTokenResponse');
  }

  async requestToken(options) {
    return this[STATE]().call('requestToken', options, options);
  }

  async login(redirectUrl, limits) {
    return this[STATE]().call('login', limits, redirectUrl);
  }
}
