// What the module asks of the classes in JavaScript, which have the application's listeners and loggers. For everything else it
// calls the browser itself: src/browser.

/** The fields of an error that are logged: codes, never a message or a cause, which may quote what the page keeps secret. */
const LOGGED_FIELDS = ['code', 'status', 'serverCode'];

/**
 * The methods that src/browser/host.rs imports; a test compares the two.
 * @typedef {object} Host
 * @property {(level: 'log' | 'warn', title: string, error?: object) => void} log
 * @property {(event: string, snapshot?: object, result?: object, record?: string) => void} emit
 */

/**
 * The host of a client without listeners.
 * @param {Iterable<{ log?: (entry: any) => void, warn?: (entry: any) => void }>} loggers of the application; one may lack a level
 * @param {(error: object) => Error} toError converts the module's errors
 * @returns {Host}
 */
export const makeHost = (loggers, toError) => ({
  log(level, title, error) {
    /** @type {Record<string, unknown>} */
    const entry = { title };
    const logged = /** @type {any} */ (error && toError(error));
    for (const name of LOGGED_FIELDS) if (logged?.[name] !== undefined) entry[name] = logged[name];
    for (const logger of loggers) logger[level]?.(entry);
  },
  emit() {},
});
