// The errors of the entry for servers. Codes and messages of tokens and tickets are those of crates/access-token.
import { KEYS_MIN_INTERVAL_MS, MESSAGES as SHARED } from '../../generated/access-token.js';

const MESSAGES = {
  ...SHARED,
  // The crate reads no cookies.
  CrossSiteRequest:
    'a request that changes something must come from a page of this site, or carry its token as Authorization: Bearer',
};

/** @typedef {keyof typeof MESSAGES} ShopperErrorCode */

/** @type {ReadonlySet<string>} */
const UNAVAILABLE = new Set(['KeysUnavailable', 'TicketUnavailable']);

/** @param {ShopperErrorCode} code */
function statusOf(code) {
  if (UNAVAILABLE.has(code)) return 503;
  return code.startsWith('Token') ? 401 : 403;
}

/**
 * The value of `WWW-Authenticate` (RFC 6750 section 3). For a request without a token it has the scheme and no error
 * (section 3.1).
 * @param {ShopperErrorCode} code
 */
function challengeOf(code) {
  if (statusOf(code) !== 401) return null;
  return code === 'TokenMissing' ? 'Bearer' : `Bearer error="invalid_token", error_description="${MESSAGES[code]}"`;
}

/** A request that is not served, as a response: `Response.json(error.body, error)`. */
export class ShopperError extends Error {
  name = 'ShopperError';

  /**
   * @param {ShopperErrorCode} code
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, options) {
    super(MESSAGES[code], options);
    this.code = code;
    this.status = statusOf(code);
    this.wwwAuthenticate = challengeOf(code);
    /** @type {Record<string, string>} */
    this.headers = { 'cache-control': 'no-store' };
    if (this.wwwAuthenticate) this.headers['www-authenticate'] = this.wwwAuthenticate;
    if (this.status === 503) this.headers['retry-after'] = String(KEYS_MIN_INTERVAL_MS / 1_000);
    this.body = { errorCode: code, title: this.message };
  }
}

/** A setting with the wrong type or value: a mistake in the program or its environment. */
export class ServerSettingError extends TypeError {
  name = 'ServerSettingError';
  code = 'InvalidSetting';

  /**
   * @param {string} setting
   * @param {string} problem
   */
  constructor(setting, problem) {
    super(`authress-login-wasm/server: ${setting} ${problem}`);
    this.setting = setting;
  }
}
