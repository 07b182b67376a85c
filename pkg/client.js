// The classes that storefronts see. They check their settings at once, load the WebAssembly module by
// themselves and forward every call to it. What the calls do is written in Rust.
import { LoginError, asLoginError } from './errors.js';
import { load, loaded, rejectOnCrash } from './load.js';

function checkedHost(authressApiUrl) {
  const text = typeof authressApiUrl === 'string' ? authressApiUrl.trim() : '';
  try {
    // The browser's parser also turns international domain names into what the module reads.
    const url = new URL(text.includes('://') ? text : `https://${text}`);
    if (/^https?:$/.test(url.protocol) && !url.username && !url.password) return url.origin;
  } catch {}
  throw new LoginError('InvalidAuthressApiUrl');
}

function checkedApplication(applicationId = 'app_default') {
  const id = typeof applicationId === 'string' ? applicationId.trim() : '';
  if (id === '' || id.startsWith('sc_') || id.startsWith('ext_')) throw new LoginError('InvalidApplication');
  return id;
}

// One client of the module, made when the module is there, and anew after a crash.
class Loaded {
  #make;
  #module;
  #client;

  constructor(make) {
    this.#make = make;
  }

  async #ready() {
    try {
      const module = await load();
      if (this.#module !== module) {
        this.#client = this.#make(module);
        this.#module = module;
      }
    } catch (error) {
      throw asLoginError(error);
    }
    return this.#client;
  }

  async call(method, ...values) {
    let client;
    // It may crash between being there and being used.
    do client = await this.#ready();
    while (this.#module !== loaded());
    return new Promise((resolve, reject) => {
      const settled = rejectOnCrash(reject);
      const settle = (then) => (value) => {
        settled();
        then(value);
      };
      // A crash throws at once; a crash later on is reported by rejectOnCrash.
      try {
        Promise.resolve(client[method](...values)).then(
          settle(resolve),
          settle((error) => reject(asLoginError(error))),
        );
      } catch (error) {
        settle((cause) => reject(asLoginError(cause)))(error);
      }
    });
  }

  // Undefined until the module is there.
  callNow(method, ...values) {
    if (this.#module !== loaded()) return undefined;
    try {
      return this.#client?.[method](...values);
    } catch (error) {
      throw asLoginError(error);
    }
  }
}

export const UserConfigurationScreen = Object.freeze({ Profile: 'Profile', MFA: 'MFA' });

export const RedirectOpenType = Object.freeze({ Redirect: 'redirect', Tab: 'tab', ClientManaged: 'client-managed' });

export class LoginClient {
  #loaded;

  constructor(settings, logger) {
    const host = settings?.authressApiUrl ?? settings?.authressLoginHostUrl ?? settings?.authenticationServiceUrl;
    const values = [
      checkedHost(host),
      checkedApplication(settings?.applicationId ?? undefined),
      Boolean(settings?.retainUserCookie),
      logger ?? console,
    ];
    this.#loaded = new Loaded((module) => new module.Client(...values));
    if (typeof window !== 'undefined' && !settings?.skipBackgroundCredentialsCheck) {
      // A return is taken up even if the page never asks; whoever asks learns of a failure.
      this.#loaded.call('userSessionExists', true).catch(() => {});
    }
  }

  async authenticate(options) {
    return this.#loaded.call('authenticate', options);
  }

  async authenticateWithOneTimeCode(options) {
    return this.#loaded.call('authenticateWithOneTimeCode', options);
  }

  async linkIdentity(options) {
    return this.#loaded.call('linkIdentity', options);
  }

  async linkIdentityWithOneTimeCode(options) {
    return this.#loaded.call('linkIdentityWithOneTimeCode', options);
  }

  async getLinkResult() {
    return this.#loaded.call('getLinkResult');
  }

  async unlinkIdentity(identityId) {
    return this.#loaded.call('unlinkIdentity', identityId ?? undefined);
  }

  async updateExtensionAuthenticationRequest(options) {
    return this.#loaded.call('updateExtensionAuthenticationRequest', options);
  }

  async userSessionExists(options) {
    return this.#loaded.call('userSessionExists', Boolean(options?.backgroundTrigger));
  }

  async waitForUserSession() {
    return this.#loaded.call('waitForUserSession');
  }

  async ensureToken(options) {
    return this.#loaded.call('ensureToken', options);
  }

  async getToken(options) {
    return this.ensureToken(options);
  }

  async getUserProfile() {
    return this.#loaded.call('getUserProfile');
  }

  async getConnectionCredentials() {
    return this.#loaded.call('getConnectionCredentials');
  }

  async getDevices() {
    return this.#loaded.call('getDevices');
  }

  async registerDevice(options) {
    return this.#loaded.call('registerDevice', options);
  }

  async deleteDevice(deviceId) {
    return this.#loaded.call('deleteDevice', deviceId ?? undefined);
  }

  async openUserConfigurationScreen(options) {
    return this.#loaded.call('openUserConfigurationScreen', options);
  }

  async logout(redirectUrl) {
    return this.#loaded.call('logout', redirectUrl ?? undefined);
  }

  getUserIdentity() {
    return this.#loaded.callNow('getUserIdentity') ?? null;
  }

  getMatchingDomainInfo(url) {
    return this.#loaded.callNow('getMatchingDomainInfo', String(url)) ?? false;
  }

  sanitizeQueryParameters() {
    this.#loaded.call('sanitizeQueryParameters').catch(() => {});
  }
}

export class ExtensionClient {
  #loaded;

  constructor(authressCustomDomain, extensionId) {
    const host = checkedHost(authressCustomDomain);
    if (typeof extensionId !== 'string' || !extensionId.trim()) throw new LoginError('InvalidExtension');
    this.#loaded = new Loaded((module) => new module.ExtensionClient(host, extensionId.trim()));
    if (typeof window !== 'undefined') this.#loaded.call('requestToken', { silent: true }).catch(() => {});
  }

  async getUserIdentity() {
    return this.#loaded.call('getUserIdentity');
  }

  async getTokenResponse() {
    return this.#loaded.call('getTokenResponse');
  }

  async requestToken(options) {
    return this.#loaded.call('requestToken', options);
  }

  async login(redirectUrl) {
    return this.#loaded.call('login', redirectUrl ?? undefined);
  }
}
