// What applications pass in: the settings of a client and the options of a call, checked at once and without the module.
//
// crates/protocol/src/settings.rs has the same rules for the settings; tests/vectors/settings.json holds one against the
// other. Options that only the module reads are checked there, in src/options.rs.
import { LoginError } from './errors.js';
import { DEFAULT_APPLICATION_ID } from './generated/constants.js';

export const invalidInput = (detail, cause) => new LoginError('InvalidInput', { detail, cause });

const trimmed = (text) => (typeof text === 'string' ? text.trim() : '');

/**
 * What `take` makes of an object of settings or options; of an empty one for undefined and null. A list, a string, an
 * event (`onclick = login.getToken`) and whatever else is no such object are `InvalidInput`, and so is a getter that throws.
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

/** What a call that was aborted rejects with, as `fetch` does it; browsers of before 2022 give signals no reason. */
export const abortReason = (signal) => signal.reason ?? new DOMException('The call was aborted.', 'AbortError');

/**
 * The limits of a call: `{signal, timeoutInMillis}`, and `backgroundTrigger` where it has that. Throws the reason of a
 * signal that is aborted already.
 * @param deadlineMs the deadline where the caller gives none, in milliseconds
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

/** The origin of the Authress host. */
export function checkedHost(authressApiUrl) {
  const text = trimmed(authressApiUrl);
  const hasScheme = /^https?:/i.test(text);
  try {
    // The browser's parser also turns international domain names into what the module reads.
    const url = new URL(hasScheme ? text : `https://${text}`);
    // Another scheme would become the host (`ftp://…`), and so would a misspelt one (`https//…`).
    const isScheme = (!hasScheme && text.includes('://')) || /^https?$/.test(url.hostname);
    const host = url.host.replace(/^([^.]*)\.[^.]*\.authress\.io(:\d+)?$/, '$1.login.authress.io');
    if (!isScheme && !url.username && !url.password) return `${url.protocol}//${host}`;
  } catch {}
  throw new LoginError('InvalidAuthressApiUrl');
}

function checkedApplication(applicationId) {
  const id = trimmed(applicationId);
  if (id === '' || id.startsWith('sc_') || id.startsWith('ext_')) throw new LoginError('InvalidApplication');
  return id;
}

/** Origins as one text, with spaces between them. */
function checkedOrigins(origins) {
  try {
    const urls = [origins ?? []].flat().map((text) => new URL(text));
    if (urls.every(({ protocol }) => /^https?:$/.test(protocol))) return urls.map(({ origin }) => origin).join(' ');
  } catch {}
  throw invalidInput('tokenOrigins needs origins like https://api.example.com.');
}

/**
 * The settings in the module's order: origin of the Authress host, application id, origins for the token, whether the
 * `user` cookie is retained; then whether the check at the start is skipped.
 */
export const checkedSettings = (settings) =>
  read(settings, (given) => [
    checkedHost(given.authressApiUrl ?? given.authressLoginHostUrl ?? given.authenticationServiceUrl),
    // A member that is there and empty is a missing environment variable, never the default application.
    checkedApplication('applicationId' in given ? given.applicationId : DEFAULT_APPLICATION_ID),
    checkedOrigins(given.tokenOrigins),
    Boolean(given.retainUserCookie),
    Boolean(given.skipBackgroundCredentialsCheck),
  ]);

export function checkedExtension(extensionId) {
  const id = trimmed(extensionId);
  if (id === '') throw new LoginError('InvalidExtension');
  return id;
}
