// The results of the methods without a page: while a server renders one, and in workers. Nothing is loaded, stored or sent
// there; the session begins in the browser.
import { LoginError } from './errors.js';

/** Whether there is a page. Some servers define `window` for libraries that read it, but none a document in it. */
export const hasPage = () => Boolean(globalThis.window?.document);

/** Results of a visitor who is signed out. */
/** @type {Record<string, unknown>} */
const RESULTS = {
  userSessionExists: false,
  getLinkResult: null,
  getLoginResult: null,
  getRedirectResult: null,
  getConnectionCredentials: null,
};
/** Codes of what fails; every other method needs a session, or leaves a page. */
/** @type {Record<string, import('./errors.js').LoginErrorCode>} */
const CODES = { ensureToken: 'TokenTimeout', requestToken: 'InvalidAuthorizationCode' };
const LEAVES_PAGE = /^(auth|log|sign|switch|update)/;

/**
 * The result of a method; that of `waitForUserSession` stays pending, as long as there is no session.
 * @param {string} method
 * @param {any} [value] its first argument
 * @returns {Promise<any>}
 */
export async function withoutPage(method, value) {
  if (method === 'waitForUserSession') return new Promise(() => {});
  if (method === 'requestToken' && value?.silent) return null;
  if (method === 'getDevices') return [];
  if (method in RESULTS) return RESULTS[method];
  if (!LEAVES_PAGE.test(method)) throw new LoginError(CODES[method] ?? 'NotLoggedIn');
  const cause = new TypeError(
    `${method}() needs a page, and there is none on a server or in a worker. Call it in the browser: in an event handler or an effect.`,
  );
  throw new LoginError('ModuleLoadFailed', { cause });
}
