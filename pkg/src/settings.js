// The settings of a client and the limits of a call, checked at once and without the module.
//
// crates/protocol/src/settings.rs has the same rules for the settings; tests/vectors/settings.json holds both to them. Options
// that only the module reads are checked there, in src/options.rs.
import { LoginError } from './errors.js';
import { DEFAULT_APPLICATION_ID, EXTENSION_PREFIX, SERVICE_CLIENT_PREFIX } from '../generated/constants.js';

/** @type {(detail: string, cause?: unknown) => LoginError} */
export const invalidInput = (detail, cause) => new LoginError('InvalidInput', { detail, cause });

/** @param {unknown} text */
const trimmed = (text) => (typeof text === 'string' ? text.trim() : '');

/**
 * The result of `take` for an object of settings or options, or for an empty one in place of undefined and null. Anything
 * else is `InvalidInput` (a list, a string, an event as in `onclick = login.getToken`), and so is a getter that throws.
 * @template Result
 * @param {unknown} options
 * @param {(given: any) => Result} take
 * @returns {Result}
 */
export function read(options, take) {
  try {
    const given = options ?? {};
    if (Object.prototype.toString.call(given) !== '[object Object]') throw invalidInput('Options must be an object.');
    return take(given);
  } catch (cause) {
    throw cause instanceof LoginError ? cause : invalidInput('An option could not be read.', cause);
  }
}

/**
 * The reason that a cancelled call rejects with, as `fetch` does. Browsers from before 2022 give signals no reason.
 * @param {AbortSignal} signal
 */
export const abortReason = (signal) => signal.reason ?? new DOMException('The call was aborted.', 'AbortError');

/**
 * The limits of a call, `{signal, timeoutInMillis}`, and its `backgroundTrigger`. Throws the reason of a signal that is
 * already aborted.
 * @param {unknown} limits
 * @param {number} deadlineMs the deadline in milliseconds if the caller gives none
 * @returns {{ signal?: AbortSignal | null, timeoutInMillis: number, backgroundTrigger: boolean, isAborted?: boolean }}
 */
export function checkedLimits(limits, deadlineMs = 0) {
  const checked = read(limits, ({ signal, timeoutInMillis, backgroundTrigger }) => {
    const deadline = timeoutInMillis ?? deadlineMs;
    const isSignal = signal == null || typeof signal.addEventListener === 'function';
    if (!isSignal || typeof deadline !== 'number' || Number.isNaN(deadline)) {
      throw invalidInput('signal must be an AbortSignal, timeoutInMillis a number.');
    }
    return {
      signal,
      isAborted: signal?.aborted,
      timeoutInMillis: deadline,
      backgroundTrigger: Boolean(backgroundTrigger),
    };
  });
  if (checked.isAborted) throw abortReason(checked.signal);
  return checked;
}

/**
 * The origin of the Authress host.
 * @param {unknown} authressApiUrl
 */
export function checkedHost(authressApiUrl) {
  const text = trimmed(authressApiUrl);
  const hasScheme = /^https?:/i.test(text);
  try {
    // The browser's parser also encodes international domain names.
    const url = new URL(hasScheme ? text : `https://${text}`);
    // Another scheme would become the host (`ftp://…`), and so would a misspelt one (`https//…`).
    const isScheme = (!hasScheme && text.includes('://')) || /^https?$/.test(url.hostname);
    const host = url.host.replace(/^([^.]*)\.[^.]*\.authress\.io(:\d+)?$/, '$1.login.authress.io');
    if (!isScheme && !url.username && !url.password) return `${url.protocol}//${host}`;
  } catch {}
  throw new LoginError('InvalidAuthressApiUrl');
}

/** @param {unknown} applicationId */
function checkedApplication(applicationId) {
  const id = trimmed(applicationId);
  if (id === '' || id.startsWith(SERVICE_CLIENT_PREFIX) || id.startsWith(EXTENSION_PREFIX))
    throw new LoginError('InvalidApplication');
  return id;
}

/**
 * Origins as one text, with spaces between them.
 * @param {any} origins
 */
function checkedOrigins(origins) {
  try {
    const urls = [origins ?? []].flat().map((text) => new URL(text));
    if (urls.every(({ protocol }) => /^https?:$/.test(protocol))) return urls.map(({ origin }) => origin).join(' ');
  } catch {}
  throw invalidInput('tokenOrigins needs origins like https://api.example.com.');
}

/**
 * @param {any} preload
 * @returns {'idle' | 'eager' | 'none'}
 */
function checkedPreload(preload) {
  if (!['idle', 'eager', 'none'].includes(preload)) throw invalidInput('preload must be idle, eager or none.');
  return preload;
}

/**
 * The service client for `signInAnonymously`.
 * @param {any} given
 * @returns {string | undefined}
 */
function checkedAnonymousConnection(given) {
  // A member that is present and undefined is a missing environment variable.
  if (!('anonymousConnectionId' in given)) return undefined;
  const id = trimmed(given.anonymousConnectionId);
  if (id.startsWith(SERVICE_CLIENT_PREFIX)) return id;
  throw invalidInput('anonymousConnectionId must be the id of your service client, sc_….');
}

/**
 * Where a login in the background ends.
 * @param {any} given
 * @returns {string | undefined}
 */
function checkedBackgroundUrl(given) {
  const url = given.backgroundRedirectUrl ?? undefined;
  if (url === undefined || (url && typeof url === 'string')) return url;
  throw invalidInput('backgroundRedirectUrl must be a path or URL of your site.');
}

/**
 * Whether the options of `signInAnonymously` demand that the login leaves the page.
 * @param {any} given
 */
export function leavesPage({ mode = 'auto' }) {
  if (mode === 'auto' || mode === 'redirect') return mode === 'redirect';
  throw invalidInput('mode must be auto or redirect.');
}

/**
 * A list of the settings: the origin of the Authress host, the application id, the origins for the token, whether the `user`
 * cookie is retained, whether the check at the start is skipped, when the module is loaded, the service client, and
 * where a login in the background ends.
 * @param {unknown} settings
 */
export const checkedSettings = (settings) =>
  read(
    settings,
    (given) =>
      /** @type {const} */ ([
        checkedHost(given.authressApiUrl ?? given.authressLoginHostUrl ?? given.authenticationServiceUrl),
        // A member that is present and undefined is a missing environment variable, never the default application.
        checkedApplication('applicationId' in given ? given.applicationId : DEFAULT_APPLICATION_ID),
        checkedOrigins(given.tokenOrigins),
        Boolean(given.retainUserCookie),
        Boolean(given.skipBackgroundCredentialsCheck),
        checkedPreload(given.preload ?? 'idle'),
        checkedAnonymousConnection(given),
        checkedBackgroundUrl(given),
      ]),
  );

/** @param {unknown} extensionId */
export function checkedExtension(extensionId) {
  const id = trimmed(extensionId);
  if (id === '') throw new LoginError('InvalidExtension');
  return id;
}
