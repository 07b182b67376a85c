// The classes that storefronts see. They check their settings at once, load the WebAssembly module by
// themselves and forward every call to it. What the calls do is written in Rust.
import { LoginError, asLoginError } from './errors.js';
import { maySendTokenTo } from './fast-session.js';
import { makeHost } from './host.js';
import { DEADLINE_MS, ModuleClient, withLimits } from './module-client.js';
import { PageSession } from './page-session.js';
import { checkedExtension, checkedHost, checkedLimits, checkedSettings, invalidInput } from './settings.js';
import { hasPage } from './without-page.js';

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

const sessionOf = (client) => client[STATE]().session;

const call = (client, method, limits, value) => sessionOf(client).module.call(method, limits, value);

const callAccount = (client, method, limits, value, deadlineMs) =>
  sessionOf(client).module.call(method, limits, value, 'account', deadlineMs);

/** The result of a callback that this page has handled: none where the script knows that there is no callback. */
async function resultOf(client, method, limits) {
  checkedLimits(limits);
  return sessionOf(client).known() ? null : call(client, method, limits);
}

export class LoginClient {
  constructor(settings, logger) {
    const [origin, applicationId, tokenOrigins, retainsUserCookie, skipsCheck, preload] = checkedSettings(settings);
    const session = PageSession.of(origin, applicationId, retainsUserCookie, logger ?? console);
    this[STATE] = () => ({ session, tokenOrigins });
    // The page, which may ask at once, comes first.
    if (hasPage()) queueMicrotask(() => session.start(preload, skipsCheck));
  }

  subscribe(listener) {
    if (typeof listener !== 'function') throw invalidInput('subscribe needs a function.');
    // Nothing ever happens to a session on a server, and a client that renders many pages there would keep every listener.
    if (!hasPage()) return () => {};
    return sessionOf(this).subscribe(listener);
  }

  getSnapshot() {
    return sessionOf(this).snapshot;
  }

  async authenticate(options) {
    return call(this, 'authenticate', options, options);
  }

  async authenticateWithOneTimeCode(options) {
    return call(this, 'authenticateWithOneTimeCode', options, options);
  }

  async linkIdentity(options) {
    return call(this, 'linkIdentity', options, options);
  }

  async linkIdentityWithOneTimeCode(options) {
    return call(this, 'linkIdentityWithOneTimeCode', options, options);
  }

  async getLinkResult(limits) {
    return resultOf(this, 'getLinkResult', limits);
  }

  async getLoginResult(limits) {
    return resultOf(this, 'getLoginResult', limits);
  }

  async unlinkIdentity(identityId, limits) {
    return callAccount(this, 'unlinkIdentity', limits, identityId);
  }

  async updateExtensionAuthenticationRequest(options) {
    return callAccount(this, 'updateExtensionAuthenticationRequest', options, options);
  }

  async userSessionExists(options) {
    const { backgroundTrigger } = checkedLimits(options);
    const status = sessionOf(this).known()?.status;
    if (status === 'signed-in') return true;
    // In the background Authress is not asked.
    if (status === 'signed-out' || (status && backgroundTrigger)) return false;
    return call(this, 'userSessionExists', options, backgroundTrigger);
  }

  async waitForUserSession(limits) {
    const session = sessionOf(this);
    const status = session.known()?.status;
    if (status === 'signed-out') return withLimits(limits, Infinity, (cancelled) => session.nextSignIn(cancelled));
    if (status === 'signed-in') return withLimits(limits, Infinity, async () => true);
    return session.module.call('waitForUserSession', limits, undefined, undefined, Infinity);
  }

  async ensureToken(options) {
    const { signal, timeoutInMillis: wait } = checkedLimits(options, TOKEN_WAIT_MS);
    const known = sessionOf(this).known();
    if (known?.token) return known.token;
    if (known?.status === 'signed-out' && wait === 0) throw new LoginError('TokenTimeout');
    // The module keeps to the time itself; what is added is for loading it.
    const timeoutInMillis = wait < 0 ? Infinity : wait + DEADLINE_MS;
    return call(this, 'ensureToken', { signal, timeoutInMillis }, options);
  }

  async getToken(options) {
    return this.ensureToken(options);
  }

  async fetch(input, init) {
    // Before the request is made: on servers a relative address is none.
    if (!hasPage()) throw new LoginError('NotLoggedIn');
    const request = new Request(input, init);
    const ask = (method, value) => call(this, method, { signal: request.signal, timeoutInMillis: Infinity }, value);
    const send = (request, token) => {
      if (token) request.headers.set('Authorization', `Bearer ${token}`);
      return fetch(request);
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
    return call(this, 'logout', limits, redirectUrl);
  }

  getUserIdentity() {
    const session = sessionOf(this);
    return session.known()?.userIdentity ?? session.module.callNow('getUserIdentity') ?? null;
  }

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

async function now(client, method) {
  if (!hasPage()) return null;
  await client[STATE]().ready();
  return client[STATE]().callNow(method);
}

export class ExtensionClient {
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

  async requestToken(options) {
    return this[STATE]().call('requestToken', options, options);
  }

  async login(redirectUrl, limits) {
    return this[STATE]().call('login', limits, redirectUrl);
  }
}
