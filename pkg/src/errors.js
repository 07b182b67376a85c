// The one class of errors, and the conversion of whatever was thrown into it.
//
// Codes and messages are those of crates/protocol/src/error.rs.
import { MESSAGES } from '../generated/errors.js';

/** @typedef {keyof typeof MESSAGES} LoginErrorCode */
/** @typedef {{ cause?: unknown, detail?: string, status?: number, serverCode?: string }} ErrorDetails */

/** So that a message stays below 500 characters, whatever a browser quotes in its own. */
const LONGEST_CAUSE = 450;

export class LoginError extends Error {
  // Defined and not assigned: a page may freeze Error.prototype, whose own name is read-only then.
  name = 'LoginError';

  /**
   * @param {LoginErrorCode} code
   * @param {ErrorDetails} [details] `detail` is added to the message
   */
  constructor(code, { cause, detail, ...more } = {}) {
    const reason = () => String(/** @type {any} */ (cause)?.message ?? cause).slice(0, LONGEST_CAUSE);
    const message = MESSAGES[code].replace('{cause}', reason);
    super(detail ? `${message} ${detail}` : message, cause === undefined ? undefined : { cause });
    Object.assign(this, more);
    this.code = code;
  }
}

/**
 * Converts whatever was thrown. The module throws objects, `{code, detail, status, serverCode, cause}`; whatever else is
 * the cause of an `InternalError`, also an error of the browser or the page that has a code of its own.
 * @param {any} error
 * @returns {LoginError}
 */
export function asLoginError(error) {
  if (error instanceof LoginError) return error;
  const { code, ...more } = error ?? {};
  const isFromModule = !(error instanceof Error) && typeof MESSAGES[/** @type {LoginErrorCode} */ (code)] === 'string';
  return isFromModule ? new LoginError(code, more) : new LoginError('InternalError', { cause: error });
}
