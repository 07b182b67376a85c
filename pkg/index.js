// The class that storefronts see. It checks its settings at once, loads the WebAssembly module by
// itself and forwards every call to it. What the calls do is written in Rust.
import init, { Client, onPanic } from './dist/authress_login_wasm.js';

// Only what can fail before or without the module; all other sentences come from it.
const SENTENCES = {
  InvalidAuthressApiUrl:
    'The setting authressApiUrl is missing or is no http(s) URL. Set it to your Authress custom domain, for example https://login.example.com.',
  InvalidApplication:
    'The setting applicationId must be the id of an Authress application, which starts with app_. A service client (sc_) or extension (ext_) goes into connectionId, not here.',
  ModuleLoadFailed:
    "The WebAssembly module could not be loaded. Check that authress_login_wasm_bg.wasm is served as application/wasm and that the Content-Security-Policy allows 'wasm-unsafe-eval'.",
  InternalError: 'An unexpected failure inside the login client. Please report it.',
};

export class LoginError extends Error {
  constructor(code, options) {
    super(SENTENCES[code], options);
    this.name = 'LoginError';
    this.code = code;
  }
}

function asLoginError(error) {
  if (error instanceof LoginError) return error;
  if (error instanceof Error && error.name === 'LoginError') return Object.setPrototypeOf(error, LoginError.prototype);
  return new LoginError('InternalError', { cause: error });
}

let loading;
const inFlight = new Set();

function load() {
  loading ??= init().then(
    () =>
      onPanic(() => {
        for (const reject of inFlight) reject(new LoginError('InternalError'));
      }),
    (cause) => {
      loading = undefined; // The next call tries again.
      throw new LoginError('ModuleLoadFailed', { cause });
    },
  );
  return loading;
}

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

export class LoginClient {
  #settings;
  #client;
  #loaded;

  constructor(settings, logger) {
    const host = settings?.authressApiUrl ?? settings?.authressLoginHostUrl ?? settings?.authenticationServiceUrl;
    this.#settings = [
      checkedHost(host),
      checkedApplication(settings?.applicationId ?? undefined),
      Boolean(settings?.retainUserCookie),
      logger ?? console,
    ];
    if (typeof window !== 'undefined' && !settings?.skipBackgroundCredentialsCheck) {
      // A return is taken up even if the page never asks; whoever asks learns of a failure.
      this.#call('userSessionExists', true).catch(() => {});
    }
  }

  async #module() {
    this.#loaded ??= load().then(
      () => {
        this.#client = new Client(...this.#settings);
      },
      (error) => {
        this.#loaded = undefined;
        throw error;
      },
    );
    try {
      await this.#loaded;
    } catch (error) {
      throw asLoginError(error);
    }
    return this.#client;
  }

  async #call(method, ...values) {
    const client = await this.#module();
    return new Promise((resolve, reject) => {
      inFlight.add(reject);
      const settle = (then) => (value) => {
        inFlight.delete(reject);
        then(value);
      };
      // A panic throws at once; a panic later on is reported by onPanic.
      try {
        client[method](...values).then(
          settle(resolve),
          settle((error) => reject(asLoginError(error))),
        );
      } catch (error) {
        settle((cause) => reject(asLoginError(cause)))(error);
      }
    });
  }

  async authenticate(options) {
    return this.#call('authenticate', options);
  }

  async linkIdentity(options) {
    return this.#call('linkIdentity', options);
  }

  async getLinkResult() {
    return this.#call('getLinkResult');
  }

  async userSessionExists(options) {
    return this.#call('userSessionExists', Boolean(options?.backgroundTrigger));
  }

  async waitForUserSession() {
    return this.#call('waitForUserSession');
  }

  async ensureToken(options) {
    return this.#call('ensureToken', options);
  }

  async getToken(options) {
    return this.ensureToken(options);
  }

  async logout(redirectUrl) {
    return this.#call('logout', redirectUrl ?? undefined);
  }

  getUserIdentity() {
    try {
      return this.#client?.getUserIdentity() ?? null;
    } catch (error) {
      throw asLoginError(error);
    }
  }
}
