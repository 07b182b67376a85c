// Reads the settings of the entry for servers. A mistake is an error that names the setting, at the start of the server and
// not with its first request.
import { EXTENSION_PREFIX, SERVICE_CLIENT_PREFIX } from '../../generated/constants.js';
import { ServerSettingError } from './errors.js';
import { isSafeOrigin } from './issuers.js';

/**
 * How a wrong value is named in a message. Its content may be a secret.
 * @param {unknown} value
 */
function kindOf(value) {
  if (value === null || value === undefined) return `${value}`;
  if (value === '') return 'an empty string';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/**
 * The settings as they are, if they are an object with known names only: a misspelt setting would change nothing.
 * @param {string} name how an error names the object
 * @param {unknown} settings
 * @param {readonly string[]} known
 * @returns {Record<string, unknown>}
 */
export function settingsOf(name, settings, known) {
  if (Object.prototype.toString.call(settings) !== '[object Object]')
    throw new ServerSettingError(name, `must be an object, and is ${kindOf(settings)}.`);
  const unknown = Object.keys(/** @type {object} */ (settings)).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ServerSettingError(unknown, `is not known. The known names are ${known.join(', ')}.`);
  return /** @type {Record<string, unknown>} */ (settings);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} [hint]
 * @returns {string}
 */
export function text(name, value, hint = '') {
  if (typeof value === 'string' && value.trim() !== '') return value;
  const reason = value === undefined ? ' Is the environment variable set?' : '';
  throw new ServerSettingError(name, `must be a string, and is ${kindOf(value)}.${reason}${hint && ` ${hint}`}`);
}

/**
 * An origin with TLS, or one of this machine.
 * @param {string} name
 * @param {unknown} value
 * @param {string} hint
 */
export function safeOrigin(name, value, hint) {
  const origin = text(name, value, hint);
  if (isSafeOrigin(origin)) return origin;
  throw new ServerSettingError(
    name,
    `must be an origin such as https://login.example.com: in lower case, without a path or slash at the end; http is for this machine only. ${hint}`,
  );
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function application(name, value) {
  const id = text(name, value, 'Set it to the id of your application in Authress.');
  if (!id.startsWith(SERVICE_CLIENT_PREFIX) && !id.startsWith(EXTENSION_PREFIX)) return id;
  throw new ServerSettingError(
    name,
    'must be the id of an application (app_…), not of a service client (sc_…) or an extension (ext_…).',
  );
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} what
 * @returns {readonly string[]}
 */
export function list(name, value, what) {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')) return [...value];
  throw new ServerSettingError(name, `must be a list of ${what}, each one a string.`);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {boolean} otherwise
 */
export function flag(name, value, otherwise) {
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise;
  throw new ServerSettingError(name, `must be true or false, and is ${kindOf(value)}.`);
}

/**
 * A function, or the default.
 * @template {Function} Function_
 * @param {string} name
 * @param {unknown} value
 * @param {Function_} otherwise
 * @returns {Function_}
 */
export function callable(name, value, otherwise) {
  if (value === undefined) return otherwise;
  if (typeof value === 'function') return /** @type {any} */ (value);
  throw new ServerSettingError(name, `must be a function, and is ${kindOf(value)}.`);
}

/**
 * A whole number.
 * @param {string} name
 * @param {unknown} value
 * @param {{ otherwise: number, least: number, most: number }} limits
 */
export function wholeNumber(name, value, { otherwise, least, most }) {
  const number = value === undefined ? otherwise : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new ServerSettingError(name, `must be a whole number from ${least} to ${most}.`);
}
