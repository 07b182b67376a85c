// What the module asks of the browser by way of JavaScript, which takes fewer bytes here than in Rust.

/** The longest a browser's timer can be set to, in milliseconds: about 24.8 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What of an error a logger is told. */
const TOLD = ['code', 'status', 'serverCode'];

/** Lets the page do what has come up meanwhile: a press or a frame must not have to wait for all of long work. */
export async function pause() {
  try {
    await (globalThis.scheduler?.yield?.() ?? nextMessage());
  } catch {} // A task of the page that it has aborted ends no work of ours.
}

// A message comes as soon as it is its turn; a timer comes late where a page is not in sight.
function nextMessage() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Whether it is an object or function, of whatever realm. */
const isObject = (value) => Object(value) === value;

/**
 * A property of the document itself, undefined where there is no document. An element with a name hides the property of
 * that name (`<form name="cookie">`), but not what the document's prototypes have.
 * https://html.spec.whatwg.org/multipage/dom.html#dom-document-nameditem
 */
export function ofDocument(name) {
  const { document } = globalThis;
  const value = document?.[name];
  return isObject(value) ? Reflect.get(Object.getPrototypeOf(document), name, document) : value;
}

const once = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

/** A promise of how far the server that the page came from is ahead of this device, in milliseconds. */
let skew;

async function askForSkew() {
  const response = await fetch(location.origin, { method: 'HEAD', cache: 'no-store' });
  return Date.parse(response.headers.get('date')) - Date.now();
}

/** The module's host for a class with these loggers, which get what `toError` makes of the module's errors; one that
 * sends nothing to the page and to other tabs. */
export const makeHost = (loggers, toError) => ({
  pause,

  /** Says what happened, and the code of what went wrong, never a value. */
  log(level, title, error) {
    const entry = { title };
    const said = error && toError(error);
    for (const name of TOLD) if (said?.[name] !== undefined) entry[name] = said[name];
    for (const logger of loggers) logger[level]?.(entry);
  },

  href: () => location.href,
  // Next.js takes note of a new address unless the state has its own mark, and then makes its state anew.
  showAddress: (href) => history.replaceState(history.state?.__NA ? null : history.state, '', href),
  navigate: (href) => location.assign(href),
  cookies: () => ofDocument('cookie') ?? '',
  assignCookie(assignment) {
    // Beside an element of this name; otherwise by the document's own, which the page may have replaced.
    const owner = isObject(document.cookie) ? Object.getPrototypeOf(document) : document;
    Reflect.set(owner, 'cookie', assignment, document);
  },
  fillRandom: (bytes) => crypto.getRandomValues(bytes),

  async send(url, method, headers, body, withCredentials, signal) {
    const credentials = withCredentials ? 'include' : undefined;
    const response = await fetch(url, { method, headers, body, credentials, signal });
    return { status: response.status, body: await response.text() };
  },

  /** Waits this many milliseconds, unless `signal` is aborted. */
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER_MS));
      void once(signal, 'abort').then(() => clearTimeout(timer));
    }),

  /**
   * Waits this many milliseconds at most for a lock and holds it until `signal` is aborted; whether it is held.
   * https://www.w3.org/TR/web-locks/
   */
  lock(name, milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      const hold = () => {
        clearTimeout(timer);
        resolve(true);
        return once(signal, 'abort');
      };
      navigator.locks.request(name, { signal }, hold).catch(reject);
    });
  },

  /**
   * The time in milliseconds since 1970 by the server that the page came from, from its `Date` (RFC 9110 section 6.6.1);
   * NaN if it does not say. Authress's own is hidden from pages of other origins. The server is asked once per page.
   */
  async serverTime() {
    skew ??= askForSkew();
    return Date.now() + (await skew);
  },

  isVisible: () => ofDocument('visibilityState') === 'visible',

  /** When a prerendered page is shown; nothing if it is. https://wicg.github.io/nav-speculation/prerendering.html */
  activation: () => (ofDocument('prerendering') ? once(document, 'prerenderingchange') : undefined),

  /** Opens another tab that cannot reach back; whether the browser let it. */
  openTab(href) {
    const tab = open(href);
    if (tab) tab.opener = null;
    return Boolean(tab);
  },

  emit() {},
  tellTabs() {},
});
