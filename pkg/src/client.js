// The classes that storefronts see. They check their settings at once, load the WebAssembly module by
// themselves and forward every call to it. What the calls do is written in Rust.
import { LoginError, asLoginError } from './errors.js';
import { maySendTokenTo } from './fast-session.js';
import { makeHost } from './host.js';
import { DEADLINE_MS, ModuleClient, withLimits } from './module-client.js';
import { PageSession } from './page-session.js';
import {
  checkedExtension,
  checkedHost,
  checkedLimits,
  checkedSettings,
  invalidInput,
  leavesPage,
  read,
} from './settings.js';
import { hasPage } from './without-page.js';

/**
 * @import {
 *   AuthenticateOptions, CallLimits, EnsureTokenOptions, LinkIdentityOptions, LoginClientSettings, Logger, OneTimeCodeOptions,
 *   RegisterDeviceOptions, SessionEvent, SignInAnonymouslyOptions, SignInOptions, SignOutOptions, UpdateExtensionOptions,
 *   UserIdentity,
 * } from 'authress-login-wasm'
 */

/** The deadline of a call for which the browser asks the shopper something, in milliseconds. */
const SHOPPER_DEADLINE_MS = 120_000;
/** How long `ensureToken` waits for a session, in milliseconds; the module has the same default. */
const TOKEN_WAIT_MS = 5_000;
/** The response to a token that is not accepted, RFC 6750 section 3.1. */
const UNAUTHORIZED = 401;

export const UserConfigurationScreen = Object.freeze({ Profile: 'Profile', MFA: 'MFA' });

export const RedirectOpenType = Object.freeze({ Redirect: 'redirect', Tab: 'tab', ClientManaged: 'client-managed' });

/**
 * Where a client keeps its state: in a function, since a proxy of the client (Vue's `reactive`, an application's own) wraps
 * neither a function nor what only the function can reach. Private members would not be there on a proxy.
 */
const STATE = Symbol('state');

/** @param {LoginClient} client */
const sessionOf = (client) => client[STATE]().session;

/** @type {(client: LoginClient, method: string, limits?: unknown, value?: unknown) => Promise<any>} */
const call = (client, method, limits, value) => sessionOf(client).module.call(method, limits, value);

/**
 * Calls a method of the account part.
 * @type {(client: LoginClient, method: string, limits?: unknown, value?: unknown, deadlineMs?: number) => Promise<any>}
 */
const callAccount = (client, method, limits, value, deadlineMs) =>
  sessionOf(client).module.call(method, limits, value, 'account', deadlineMs);

/**
 * The options of a sign-in with a claim ticket. A function that requests one is called only if the shopper is anonymous and
 * loses the user id.
 * @param {LoginClient} client
 * @param {SignInOptions} options
 * @param {(identity: UserIdentity, options: SignInOptions) => unknown} losesUserId
 * @returns {Promise<SignInOptions>}
 */
async function withClaimTicket(client, options, losesUserId) {
  checkedLimits(options);
  const given = read(options, (members) => ({ ...members }));
  if (typeof given.claimTicket !== 'function') return given;
  // A session that is known stays what it is: to look again could finish an earlier callback first.
  if (client.getSnapshot().status === 'checking') await client.userSessionExists();
  const { userIdentity } = client.getSnapshot();
  const claimTicket =
    userIdentity?.isAnonymous && losesUserId(userIdentity, given) ? await given.claimTicket() : undefined;
  return { ...given, claimTicket };
}

/**
 * The result of a callback that this page has handled: none if the script knows that there is no callback.
 * @param {LoginClient} client
 * @param {string} method
 * @param {CallLimits} [limits]
 */
async function resultOf(client, method, limits) {
  checkedLimits(limits);
  return sessionOf(client).known() ? null : call(client, method, limits);
}

export class LoginClient {
  /**
   * @param {LoginClientSettings} settings
   * @param {Logger} [logger]
   */
  constructor(settings, logger) {
    const [
      origin,
      applicationId,
      tokenOrigins,
      retainsUserCookie,
      skipsCheck,
      preload,
      anonymousConnectionId,
      backgroundRedirectUrl,
    ] = checkedSettings(settings);
    const session = PageSession.of(origin, applicationId, retainsUserCookie, logger ?? console);
    this[STATE] = () => ({ session, tokenOrigins, anonymousConnectionId, backgroundRedirectUrl });
    // After the page's own calls, which may follow at once.
    if (hasPage()) queueMicrotask(() => session.start(preload, skipsCheck));
  }

  /** @param {(event: SessionEvent) => void} listener */
  subscribe(listener) {
    if (typeof listener !== 'function') throw invalidInput('subscribe needs a function.');
    // Nothing ever happens to a session on a server, and a client that renders many pages there would keep every listener.
    if (!hasPage()) return () => {};
    return sessionOf(this).subscribe(listener);
  }

  getSnapshot() {
    return sessionOf(this).snapshot;
  }

  /** @param {SignInAnonymouslyOptions} [options] */
  async signInAnonymously(options) {
    const { session, anonymousConnectionId: connectionId, backgroundRedirectUrl } = this[STATE]();
    if (!connectionId) throw invalidInput('signInAnonymously needs the setting anonymousConnectionId.');
    const given = read(options, (members) => ({
      ...members,
      connectionId,
      backgroundRedirectUrl: leavesPage(members) ? undefined : backgroundRedirectUrl,
    }));
    checkedLimits(given);
    const isSignedIn = session.known()?.userIdentity || (await call(this, 'signInAnonymously', given, given));
    return isSignedIn ? session.snapshot : null;
  }

  /** @param {SignInOptions} options */
  async signIn(options) {
    const given = await withClaimTicket(
      this,
      options,
      ({ sessionOrigin }, { inviteId }) => sessionOrigin === 'found' || inviteId,
    );
    return call(this, 'signIn', given, given);
  }

  /** @param {SignInOptions} options */
  async switchAccount(options) {
    const given = await withClaimTicket(this, options, () => true);
    return call(this, 'switchAccount', given, given);
  }

  /** @param {AuthenticateOptions} [options] */
  async authenticate(options) {
    return call(this, 'authenticate', options, options);
  }

  /** @param {OneTimeCodeOptions} options */
  async authenticateWithOneTimeCode(options) {
    return call(this, 'authenticateWithOneTimeCode', options, options);
  }

  /** @param {LinkIdentityOptions} options */
  async linkIdentity(options) {
    return call(this, 'linkIdentity', options, options);
  }

  /** @param {LinkIdentityOptions} options */
  async linkIdentityWithOneTimeCode(options) {
    return call(this, 'linkIdentityWithOneTimeCode', options, options);
  }

  /** @param {CallLimits} [limits] */
  async getLinkResult(limits) {
    return resultOf(this, 'getLinkResult', limits);
  }

  /** @param {CallLimits} [limits] */
  async getLoginResult(limits) {
    return resultOf(this, 'getLoginResult', limits);
  }

  /** @param {CallLimits} [limits] */
  async getRedirectResult(limits) {
    return resultOf(this, 'getRedirectResult', limits);
  }

  /**
   * @param {string} identityId
   * @param {CallLimits} [limits]
   */
  async unlinkIdentity(identityId, limits) {
    return callAccount(this, 'unlinkIdentity', limits, identityId);
  }

  /** @param {UpdateExtensionOptions} options */
  async updateExtensionAuthenticationRequest(options) {
    return callAccount(this, 'updateExtensionAuthenticationRequest', options, options);
  }

  /** @param {{ backgroundTrigger?: boolean } & CallLimits} [options] */
  async userSessionExists(options) {
    const { backgroundTrigger } = checkedLimits(options);
    const known = sessionOf(this).known();
    if (known?.userIdentity) return true;
    const status = known?.status;
    // In the background Authress is not asked.
    if (status === 'signed-out' || (status && backgroundTrigger)) return false;
    return call(this, 'userSessionExists', options, backgroundTrigger);
  }

  /** @param {CallLimits} [limits] */
  async waitForUserSession(limits) {
    const session = sessionOf(this);
    const known = session.known();
    if (known?.status === 'signed-out')
      return withLimits(limits, Infinity, (cancelled) => session.nextSignIn(cancelled));
    if (known?.userIdentity) return withLimits(limits, Infinity, async () => true);
    return session.module.call('waitForUserSession', limits, undefined, undefined, Infinity);
  }

  /** @param {EnsureTokenOptions} [options] */
  async ensureToken(options) {
    const { signal, timeoutInMillis: wait } = checkedLimits(options, TOKEN_WAIT_MS);
    const known = sessionOf(this).known();
    if (known?.token) return known.token;
    if (known?.status === 'signed-out' && wait === 0) throw new LoginError('TokenTimeout');
    // The module keeps to the time itself; what is added is for loading it.
    const timeoutInMillis = wait < 0 ? Infinity : wait + DEADLINE_MS;
    return call(this, 'ensureToken', { signal, timeoutInMillis }, options);
  }

  /** @param {EnsureTokenOptions} [options] */
  async getToken(options) {
    return this.ensureToken(options);
  }

  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   */
  async fetch(input, init) {
    // Before the request is made: on servers a relative address is none.
    if (!hasPage()) throw new LoginError('NotLoggedIn');
    const request = new Request(input, init);
    /** @type {(method: string, value: unknown) => Promise<any>} */
    const ask = (method, value) => call(this, method, { signal: request.signal, timeoutInMillis: Infinity }, value);
    /** @type {(prepared: Request, token?: string) => Promise<Response>} */
    const send = (prepared, token) => {
      if (token) prepared.headers.set('Authorization', `Bearer ${token}`);
      return fetch(prepared);
    };
    const { session, tokenOrigins } = this[STATE]();
    const known = maySendTokenTo(request.url, tokenOrigins) ? session.known() : undefined;
    if (known?.status === 'signed-out') throw new LoginError('NotLoggedIn');
    const token = known?.token ?? (await ask('tokenFor', [request.url, tokenOrigins]));
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

  /** @param {CallLimits} [limits] */
  async getUserProfile(limits) {
    return callAccount(this, 'getUserProfile', limits);
  }

  /** @param {CallLimits} [limits] */
  async getConnectionCredentials(limits) {
    return callAccount(this, 'getConnectionCredentials', limits);
  }

  /** @param {CallLimits} [limits] */
  async getDevices(limits) {
    return callAccount(this, 'getDevices', limits);
  }

  /** @param {RegisterDeviceOptions} options */
  async registerDevice(options) {
    return callAccount(this, 'registerDevice', options, options, SHOPPER_DEADLINE_MS);
  }

  /**
   * @param {string} deviceId
   * @param {CallLimits} [limits]
   */
  async deleteDevice(deviceId, limits) {
    return callAccount(this, 'deleteDevice', limits, deviceId);
  }

  /** @param {Record<string, unknown> & CallLimits} [options] */
  async openUserConfigurationScreen(options) {
    return callAccount(this, 'openUserConfigurationScreen', options, options);
  }

  /**
   * @param {string} [redirectUrl]
   * @param {CallLimits} [limits]
   */
  async logout(redirectUrl, limits) {
    return call(this, 'logout', limits, redirectUrl);
  }

  /** @param {SignOutOptions} [options] */
  async signOut(options) {
    return call(
      this,
      'logout',
      options,
      read(options, ({ redirectUrl }) => redirectUrl),
    );
  }

  getUserIdentity() {
    const session = sessionOf(this);
    return session.known()?.userIdentity ?? session.module.callNow('getUserIdentity') ?? null;
  }

  /** @param {unknown} url */
  getMatchingDomainInfo(url) {
    let text = '';
    try {
      text = String(url);
    } catch {} // What cannot be written as text matches nothing.
    return sessionOf(this).module.callNow('getMatchingDomainInfo', text) ?? false;
  }

  sanitizeQueryParameters() {
    if (hasPage())
      sessionOf(this)
        .module.ready()
        .then((client) => client.sanitizeQueryParameters())
        .catch(() => {});
  }
}

/**
 * Calls a method that returns at once, as soon as the module is loaded.
 * @param {ExtensionClient} client
 * @param {string} method
 */
async function now(client, method) {
  if (!hasPage()) return null;
  await client[STATE]().ready();
  return client[STATE]().callNow(method);
}

export class ExtensionClient {
  /**
   * @param {string} authressCustomDomain
   * @param {string} extensionId
   */
  constructor(authressCustomDomain, extensionId) {
    const origin = checkedHost(authressCustomDomain);
    const id = checkedExtension(extensionId);
    const module = new ModuleClient(
      (classes) => new classes.ExtensionClient(origin, id, makeHost([], asLoginError)),
      'account',
    );
    this[STATE] = () => module;
    if (hasPage()) this.requestToken({ silent: true }).catch(() => {});
  }

  async getUserIdentity() {
    return now(this, 'getUserIdentity');
  }

  async getTokenResponse() {
    return now(this, 'getTokenResponse');
  }

  /** @param {{ code?: string, silent?: boolean } & CallLimits} [options] */
  async requestToken(options) {
    return this[STATE]().call('requestToken', options, options);
  }

  /**
   * @param {string} [redirectUrl]
   * @param {CallLimits} [limits]
   */
  async login(redirectUrl, limits) {
    return this[STATE]().call('login', limits, redirectUrl);
  }
}
