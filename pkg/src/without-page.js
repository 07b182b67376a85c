// The results of methods without a page: during rendering on a server, and in workers. Nothing is loaded, stored or sent there;
// the session starts in the browser.
import { LoginError } from './errors.js';

/** Whether there is a page. Some servers define `window` for libraries that ask for it, none of them a document in it. */
export const hasPage = () => Boolean(globalThis.window?.document);

/** Results for a visitor who is signed out. */
const RESULTS = { userSessionExists: false, getLinkResult: null, getLoginResult: null, getConnectionCredentials: null };
/** Error codes; every other method needs a session, or leaves the page. */
const CODES = { ensureToken: 'TokenTimeout', requestToken: 'InvalidAuthorizationCode' };
const LEAVES_PAGE = /^(auth|log|update)/;

/** A promise of the result of `method`; the one of `waitForUserSession` stays pending, as it does while no session begins. */
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
