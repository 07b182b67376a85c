// The classes that storefronts see. They check their settings at once, load the WebAssembly module by
// themselves and forward every call to it. What the calls do is written in Rust.
import { documentProperty } from './document.js';
import { LoginError, asLoginError } from './errors.js';
import { yieldToEventLoop } from './event-loop.js';
import { makeHost } from './host.js';
import { alive, hasLived, load, rejectOnCrash } from './load.js';
import {
  abortReason,
  checkedExtension,
  checkedHost,
  checkedLimits,
  checkedSettings,
  invalidInput,
} from './settings.js';
import { maySendTokenTo, storedSession } from './stored-session.js';
import { hasPage, withoutPage } from './without-page.js';

/** How long a call may take unless the caller says otherwise, in milliseconds. */
const DEADLINE_MS = 30_000;
/** The same where the browser asks the shopper something. */
const SHOPPER_DEADLINE_MS = 120_000;
/** How long after the page has loaded the module is loaded if nothing has needed it yet, in milliseconds. */
const LATER_MS = 2_000;
/** The longest a browser's timer can be set to, in milliseconds: about 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** The response to a token that is not accepted, RFC 6750 section 3.1. */
const UNAUTHORIZED = 401;

/** By which method of the module's clients the methods of its parts are called. */
const CALLS = { undefined: 'call', account: 'callAccount' };

const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

function later(work) {
  const wait = () => setTimeout(work, LATER_MS);
  if (documentProperty('readyState') === 'complete') wait();
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
      await yieldToEventLoop();
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
      let cancel;
      // Fulfilled when the caller has its rejection: the module drops the call.
      const cancelled = new Promise((resolve) => {
        cancel = resolve;
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
        cancel();
      };
      const settled = rejectOnCrash(fail);
      const onAbort = () => giveUp(abortReason(signal));
      const timer =
        timeoutInMillis >= 0 && timeoutInMillis <= LONGEST_TIMER_MS
          ? setTimeout(() => giveUp(new LoginError('RequestTimeout')), timeoutInMillis)
          : undefined;
      signal?.addEventListener('abort', onAbort);
      const result = hasPage()
        ? this.ready(part).then((client) => (isGivenUp ? undefined : client[CALLS[part]](method, cancelled, value)))
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

const sessionOf = (client) => client[STATE]().session;

const call = (client, method, options) => sessionOf(client).loaded.call(method, options, options);

const callAccount = (client, method, limits, value, deadlineMs) =>
  sessionOf(client).loaded.call(method, limits, value, 'account', deadlineMs);

function emit(session, type, snapshot, result, error) {
  if (snapshot) session.snapshot = Object.freeze(snapshot);
  const event = Object.freeze({ type, ...(result && { result: Object.freeze(result) }), ...(error && { error }) });
  for (const listener of [...session.listeners]) {
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

function snapshotOf(session) {
  // The module would say the same, once it is there.
  const stored = session.snapshot === CHECKING && session.stored();
  if (stored) session.snapshot = Object.freeze({ status: 'signed-in', userIdentity: stored.identity });
  return session.snapshot;
}

/** A file of the package could not be loaded. Without the module no one else ends `checking`; calls that wait for one file
 * fail with one cause. */
function loadFailed(session, error) {
  if (error.code !== 'ModuleLoadFailed' || error.cause === session.loadFailure) return;
  session.loadFailure = error.cause;
  const snapshot = snapshotOf(session) === CHECKING && { status: 'signed-out', userIdentity: null };
  emit(session, 'load-failed', snapshot, undefined, error);
  // One function, so that it is called once however many loads have failed.
  session.onOnline ??= () => session.listeners.size && check(session);
  addEventListener('online', session.onOnline, { once: true });
}

const check = (session) => session.loaded.call('userSessionExists').catch(() => {});

/** The sessions of this page, by host and application. */
const sessions = new Map();

/**
 * What the clients of one host and application on a page share: the client of the module, which handles a callback once and
 * renews once for all of them, its listeners and its snapshot. On a server each client has its own.
 */
function sharedSession(origin, applicationId, retainsUserCookie, logger) {
  const name = `${origin} ${applicationId}`;
  const session = sessions.get(name) ?? newSession(origin, applicationId);
  if (hasPage()) sessions.set(name, session);
  session.retainsUserCookie ||= retainsUserCookie;
  session.loggers.add(logger);
  return session;
}

function newSession(origin, applicationId) {
  const session = { listeners: new Set(), loggers: new Set(), snapshot: CHECKING };
  const host = { ...makeHost(session.loggers, asLoginError), emit: (...values) => emit(session, ...values) };
  // Until the module has been there: it also knows what this page has heard of since.
  session.stored = () => {
    if (!hasPage() || hasLived()) return undefined;
    const stored = storedSession(origin, applicationId);
    if (stored && !session.isExpected) {
      session.isExpected = true;
      later(() => session.loaded.ready().catch(() => {})); // It renews the session.
    }
    return stored;
  };
  session.loaded = new Loaded(
    (module) => {
      const client = new module.LoginClient(origin, applicationId, session.retainsUserCookie, host);
      client.keepSession();
      return client;
    },
    undefined,
    (error) => loadFailed(session, error),
  );
  return session;
}

export class LoginClient {
  constructor(settings, logger) {
    const [origin, applicationId, tokenOrigins, retainsUserCookie, skipsCheck] = checkedSettings(settings);
    const session = sharedSession(origin, applicationId, retainsUserCookie, logger ?? console);
    this[STATE] = () => ({ session, tokenOrigins });
    if (!hasPage() || skipsCheck) return;
    // A callback is handled even if the page never asks; a call that asks learns of a failure. With a session
    // that is not in doubt there is none, and the page, which may ask at once, comes first.
    queueMicrotask(() => {
      if (!session.isExpected)
        this.userSessionExists({ timeoutInMillis: Infinity, backgroundTrigger: true }).catch(() => {});
    });
  }

  subscribe(listener) {
    if (typeof listener !== 'function') throw invalidInput('subscribe needs a function.');
    // Nothing ever happens to a session on a server, and a client that renders many pages there would keep every listener.
    if (!hasPage()) return () => {};
    // A function of its own, so that a listener given twice is called and removed once each.
    const entry = (event) => listener(event);
    const session = sessionOf(this);
    session.listeners.add(entry);
    session.firstCheck ??= check(session);
    return () => {
      session.listeners.delete(entry);
    };
  }

  getSnapshot() {
    return snapshotOf(sessionOf(this));
  }

  async authenticate(options) {
    return call(this, 'authenticate', options);
  }

  async authenticateWithOneTimeCode(options) {
    return call(this, 'authenticateWithOneTimeCode', options);
  }

  async linkIdentity(options) {
    return call(this, 'linkIdentity', options);
  }

  async linkIdentityWithOneTimeCode(options) {
    return call(this, 'linkIdentityWithOneTimeCode', options);
  }

  async getLinkResult(limits) {
    return sessionOf(this).loaded.call('getLinkResult', limits);
  }

  async getLoginResult(limits) {
    return sessionOf(this).loaded.call('getLoginResult', limits);
  }

  async unlinkIdentity(identityId, limits) {
    return callAccount(this, 'unlinkIdentity', limits, identityId);
  }

  async updateExtensionAuthenticationRequest(options) {
    return callAccount(this, 'updateExtensionAuthenticationRequest', options, options);
  }

  async userSessionExists(options) {
    const background = checkedLimits(options).backgroundTrigger;
    if (sessionOf(this).stored()) return true;
    return sessionOf(this).loaded.call('userSessionExists', options, background);
  }

  async waitForUserSession(limits) {
    return sessionOf(this).loaded.call('waitForUserSession', limits, undefined, undefined, Infinity);
  }

  async ensureToken(options) {
    const { signal, timeoutInMillis: wait } = checkedLimits(options, 0);
    const stored = sessionOf(this).stored();
    if (stored) return stored.token;
    // The module keeps to the time itself; what is added is for loading it.
    const timeoutInMillis = wait < 0 ? Infinity : wait + DEADLINE_MS;
    return sessionOf(this).loaded.call('ensureToken', { signal, timeoutInMillis }, options);
  }

  async getToken(options) {
    return this.ensureToken(options);
  }

  async fetch(input, init) {
    // Before the request is made: on servers a relative address is none.
    if (!hasPage()) throw new LoginError('NotLoggedIn');
    const request = new Request(input, init);
    const ask = (method, value) =>
      sessionOf(this).loaded.call(method, { signal: request.signal, timeoutInMillis: Infinity }, value);
    const send = (request, token) => {
      if (token) request.headers.set('Authorization', `Bearer ${token}`);
      return fetch(request);
    };
    const { session, tokenOrigins } = this[STATE]();
    const stored = session.stored();
    const mayTake = stored && maySendTokenTo(request.url, tokenOrigins);
    const token = mayTake ? stored.token : await ask('tokenFor', [request.url, tokenOrigins]);
    // A body can be read once; the copy is for the second try.
    const again = request.clone();
    const response = await send(request, token);
    if (response.status !== UNAUTHORIZED) return response;
    // Where there is no module there is no other token, and the response says more than that.
    const other = await ask('replaceRejectedToken', token).catch((error) => {
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
    return sessionOf(this).loaded.call('logout', limits, redirectUrl);
  }

  getUserIdentity() {
    const session = sessionOf(this);
    return session.stored()?.identity ?? session.loaded.callNow('getUserIdentity') ?? null;
  }

  getMatchingDomainInfo(url) {
    let text = '';
    try {
      text = String(url);
    } catch {} // What cannot be written as text matches nothing.
    return sessionOf(this).loaded.callNow('getMatchingDomainInfo', text) ?? false;
  }

  sanitizeQueryParameters() {
    if (hasPage())
      sessionOf(this)
        .loaded.ready()
        .then((client) => client.sanitizeQueryParameters())
        .catch(() => {});
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
    const loaded = new Loaded(
      (module) => new module.ExtensionClient(origin, id, makeHost([], asLoginError)),
      'account',
    );
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
