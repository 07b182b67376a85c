// Which error a response reports: as JSON, on an error page, or in the address that it redirects to.
import { addressOf } from './address.js';
import { redactText } from './redact.js';

/**
 * @typedef {object} ReportedError
 * @property {string} code stable
 * @property {string} title a sentence, or empty
 */

/**
 * @param {Pick<import('./instance.js').Response, 'status' | 'headers' | 'body'>} response
 * @returns {ReportedError | null}
 */
export function errorOf({ status, headers, body }) {
  const location = header(headers, 'location');
  if (location) return errorInAddress(location);
  if (status < 400) return null;
  const text = Buffer.from(body).toString();
  return errorInJson(text) ?? errorOnPage(text);
}

/**
 * The first value of a header.
 * @param {string[]} headers a name, its value, the next name and so on
 * @param {string} name in lower case
 */
export function header(headers, name) {
  const at = headers.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** @param {string} location */
function errorInAddress(location) {
  const { query } = addressOf(location);
  const code = query.get('errorCode') ?? query.get('error');
  return code ? { code: redactText(code), title: redactText(query.get('error_description') ?? '') } : null;
}

/**
 * Authress's own form, that of OAuth's token endpoint (RFC 6749 section 5.2), and the verifier's.
 * @param {string} text
 */
function errorInJson(text) {
  try {
    const body = JSON.parse(text);
    const code = body.errorCode ?? body.error ?? body.code;
    const title = body.title ?? body.error_description ?? body.message ?? '';
    return typeof code === 'string' ? { code: redactText(code), title: redactText(String(title)) } : null;
  } catch {
    return null;
  }
}

/**
 * The error page of crates/sandbox/templates/error.html.
 * @param {string} html
 */
function errorOnPage(html) {
  const code = /data-testid="error-code">([^<]+)</.exec(html)?.[1];
  const title = /role="alert">([^<]*)</.exec(html)?.[1] ?? '';
  return code ? { code: redactText(code), title: redactText(withoutReferences(title)) } : null;
}

/**
 * Askama writes the five characters that HTML needs escaped as decimal references.
 * @param {string} text
 */
const withoutReferences = (text) => text.replace(/&#(\d{2});/g, (_, code) => String.fromCharCode(Number(code)));
