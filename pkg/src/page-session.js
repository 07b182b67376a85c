// The session that the clients of one host and application share on a page: one client of the module, which handles a callback
// and renews for all of them, their listeners and their snapshot. Until the module is loaded, fast-session.js decides where it
// can.
import { documentProperty } from './document.js';
import { asLoginError } from './errors.js';
import { fastSession } from './fast-session.js';
import { SESSION_KEY } from '../generated/constants.js';
import { makeHost } from './host.js';
import { ModuleClient } from './module-client.js';
import { hasLoaded } from './module-loader.js';
import { hasPage } from './without-page.js';

/**
 * @import { LoginClientSettings, Logger, SessionEvent, SessionSnapshot } from 'authress-login-wasm'
 * @import { LoginError } from './errors.js'
 * @typedef {(event: any) => void} Listener
 */

/** How long after its load a page may be busy before the module is loaded all the same, in milliseconds. */
const LONGEST_IDLE_MS = 2_000;
/** How long what the script has read of the stored session serves further calls, in milliseconds: a page's first task. */
const RECENT_MS = 50;
/** The delay after `load` in browsers without `requestIdleCallback`, in milliseconds. */
const IDLE_DELAY_MS = 200;

/** @type {SessionSnapshot} */
const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });
/** @type {SessionSnapshot} */
const SIGNED_OUT = Object.freeze({ status: 'signed-out', userIdentity: null });

/**
 * The sessions of this page, by host and application.
 * @type {Map<string, PageSession>}
 */
const sessions = new Map();

/** @param {() => void} work */
function whenIdle(work) {
  const wait = () =>
    'requestIdleCallback' in globalThis
      ? requestIdleCallback(work, { timeout: LONGEST_IDLE_MS })
      : setTimeout(work, IDLE_DELAY_MS);
  if (documentProperty('readyState') === 'complete') wait();
  else addEventListener('load', wait, { once: true });
}

export class PageSession {
  /** @type {Set<Listener>} */
  listeners = new Set();
  /** @type {Set<Logger>} */
  #loggers = new Set();
  #retainsUserCookie = false;
  #origin;
  #applicationId;
  #snapshot = CHECKING;
  /**
   * The stored record that the snapshot shows, none if there is no session; undefined until a session or none is certain. The
   * module continues from it, so that listeners hear of every change since and of nothing twice.
   * @type {{ record: string | undefined } | undefined}
   */
  #known;
  #isReady = false;
  #mayPreload = false;
  #isChecked = false;
  /** @type {unknown} */
  #loadFailure;
  /** @type {(() => void) | undefined} */
  #onOnline;
  /** @type {BroadcastChannel | undefined} */
  #channel;
  /** @type {{ known: import('./fast-session.js').FastSession | undefined, at: number } | undefined} */
  #recent;

  /**
   * The session of this host and application. On a server each client has its own.
   * @param {string} origin
   * @param {string} applicationId
   * @param {boolean} retainsUserCookie
   * @param {Logger} logger
   */
  static of(origin, applicationId, retainsUserCookie, logger) {
    const name = `${origin} ${applicationId}`;
    const session = sessions.get(name) ?? new PageSession(origin, applicationId);
    if (hasPage()) sessions.set(name, session);
    session.#retainsUserCookie ||= retainsUserCookie;
    session.#loggers.add(logger);
    return session;
  }

  /**
   * @param {string} origin
   * @param {string} applicationId
   */
  constructor(origin, applicationId) {
    this.#origin = origin;
    this.#applicationId = applicationId;
    /** @type {import('./host.js').Host['emit']} */
    const emit = (type, snapshot, result, record) => this.#emitFromModule(type, snapshot, result, record);
    const host = { ...makeHost(this.#loggers, asLoginError), emit };
    this.module = new ModuleClient(
      (classes) => {
        const client = new classes.LoginClient(origin, applicationId, this.#retainsUserCookie, host);
        if (this.#known) client.continueFrom(this.#known.record);
        client.keepSession(); // It also listens to other tabs.
        this.#channel?.close();
        return client;
      },
      undefined,
      (error) => this.#onLoadFailure(error),
    );
    // Later, because the first listener of storage events makes the browser read the storage: 2 to 15 ms on a slow phone,
    // for which the page's first token would wait.
    if (hasPage()) whenIdle(() => this.#listenToOtherTabs());
  }

  /**
   * Starts for one of its clients, and loads the module as `preload` says.
   * @param {NonNullable<LoginClientSettings['preload']>} preload
   * @param {boolean} skipsCheck
   */
  start(preload, skipsCheck) {
    if (preload !== 'none') this.#mayPreload = true;
    if (preload === 'eager') this.#load();
    if (skipsCheck) return;
    if (this.known()) this.#emitReady();
    // A callback is handled even if the application calls nothing; a later call gets its failure.
    else void this.#check(true);
  }

  /** @param {Listener} listener */
  subscribe(listener) {
    // A function of its own, so that a listener given twice is called and removed once each.
    /** @type {Listener} */
    const entry = (event) => listener(event);
    this.listeners.add(entry);
    if (!this.#isChecked) {
      this.#isChecked = true;
      queueMicrotask(() => {
        this.#emitReady();
        if (!this.#known) this.#check();
      });
    }
    return () => {
      this.listeners.delete(entry);
    };
  }

  /**
   * What is known without the module (`fastSession`), otherwise undefined. Once the module has been loaded only the module
   * decides: it also knows of later events. It decides about another user than the snapshot shows, too: listeners hear of that
   * user before a request goes out in that name.
   */
  known() {
    if (!hasPage() || hasLoaded()) return undefined;
    // Read once for the first calls of a page: each reading of the cookies takes milliseconds.
    const now = performance.now();
    if (!this.#recent || now - this.#recent.at > RECENT_MS) {
      this.#recent = { known: fastSession(this.#origin, this.#applicationId), at: now };
    }
    const { known } = this.#recent;
    if (known) this.#preload();
    const isOther = known?.userIdentity && known.userIdentity.userId !== this.#snapshot.userIdentity?.userId;
    return isOther && this.#snapshot !== CHECKING ? undefined : known;
  }

  get snapshot() {
    const known = this.#snapshot === CHECKING ? this.known() : undefined;
    if (!known || known.status === 'checking') return this.#snapshot;
    const { status, userIdentity, record } = known;
    this.#snapshot = userIdentity ? Object.freeze({ status, userIdentity: Object.freeze(userIdentity) }) : SIGNED_OUT;
    this.#known = { record };
    return this.#snapshot;
  }

  /**
   * Waits for a session without the module.
   * @param {Promise<void>} cancelled
   * @returns {Promise<true>}
   */
  nextSignIn(cancelled) {
    return new Promise((resolve) => {
      const listener = () => {
        if (!this.#snapshot.userIdentity) return;
        this.listeners.delete(listener);
        resolve(true);
      };
      this.listeners.add(listener);
      void cancelled.then(() => this.listeners.delete(listener));
    });
  }

  /**
   * @param {boolean} [background]
   * @returns {Promise<unknown>}
   */
  #check(background) {
    return this.module.call('userSessionExists', { timeoutInMillis: Infinity }, background).catch(() => {});
  }

  #load() {
    this.module.ready().catch(() => {}); // Listeners hear of a failure.
  }

  /** Loads the module while the page is idle, so that a first press finds it ready and a session is renewed. */
  #preload() {
    if (!this.#mayPreload || /** @type {any} */ (navigator).connection?.saveData) return;
    this.#mayPreload = false;
    // Another tab may have signed in or out before the module listens.
    whenIdle(() => (this.#snapshot === CHECKING ? this.#load() : this.#check(true)));
  }

  #emitReady() {
    // The first access settles the snapshot, whether or not there are listeners.
    if (this.snapshot === CHECKING || !this.#known || this.#isReady || this.listeners.size === 0) return;
    this.#isReady = true;
    this.#emit('ready');
  }

  /**
   * @param {string} type
   * @param {any} snapshot
   * @param {object} [result]
   * @param {string} [record]
   */
  #emitFromModule(type, snapshot, result, record) {
    this.#isReady ||= type === 'ready';
    if (snapshot) {
      this.#snapshot = Object.freeze(snapshot);
      this.#known = { record };
    }
    this.#emit(type, result && { result: Object.freeze(result) });
  }

  /**
   * @param {string} type
   * @param {object} [more]
   */
  #emit(type, more) {
    const event = Object.freeze({ type, ...more });
    for (const listener of [...this.listeners]) {
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

  /**
   * Ends `checking`, which otherwise only the module does. Calls that wait for one file fail with one cause.
   * @param {LoginError} error
   */
  #onLoadFailure(error) {
    if (error.code !== 'ModuleLoadFailed' || error.cause === this.#loadFailure) return;
    this.#loadFailure = error.cause;
    if (this.snapshot === CHECKING) this.#snapshot = SIGNED_OUT;
    this.#emit('load-failed', { error });
    // One function, so that it is called once however many loads have failed.
    this.#onOnline ??= () => {
      if (this.listeners.size > 0) this.#check();
    };
    addEventListener('online', this.#onOnline, { once: true });
  }

  /** Listens to other tabs until the module does: one of them may sign in or out. */
  #listenToOtherTabs() {
    const check = () => {
      if (!hasLoaded()) this.#check(true);
    };
    const wake = () => {
      this.#recent = undefined;
      if (this.#snapshot !== CHECKING && this.known()?.status !== this.#snapshot.status) check();
    };
    const open = () => {
      if (hasLoaded()) return;
      try {
        this.#channel = new BroadcastChannel(`authress-login ${this.#origin} ${this.#applicationId}`);
        this.#channel.onmessage = ({ data }) =>
          this.module.ready().then(
            (client) => client.onMessage(String(data)),
            () => {},
          );
      } catch {} // Old browsers have none; the storage tells of sessions all the same.
    };
    open();
    wake(); // Another tab may have signed in or out before.
    // An open channel can keep a page out of the back/forward cache.
    addEventListener('pagehide', () => this.#channel?.close());
    addEventListener('pageshow', ({ persisted }) => {
      if (!persisted || hasLoaded()) return;
      open();
      wake();
    });
    addEventListener('storage', ({ key }) => {
      if ((key ?? SESSION_KEY) === SESSION_KEY) check();
    });
    document.addEventListener('visibilitychange', () => documentProperty('visibilityState') === 'visible' && wake());
  }
}
