// Fixes of the attacks, each as the change of the source that takes it out, and the attempts that must succeed then.

/**
 * A text of a file that occurs there once, and what takes its place.
 * @typedef {{ file: string, text: string, without: string }} Change
 */

/**
 * @typedef {object} Fix
 * @property {string} id
 * @property {string} sentence
 * @property {readonly Change[]} changes
 * @property {readonly string[]} attempts the names of attempts of the suite
 */

/** @type {readonly Fix[]} */
export const FIXES = [
  {
    id: 'origin of a linked session',
    sentence: 'An anonymous session that was found in the browser is not linked.',
    changes: [
      {
        file: 'crates/protocol/src/session/stored.rs',
        text: 'may_link: session.origin == SessionOrigin::Begun || is_customer,',
        without: 'may_link: session.origin == SessionOrigin::Begun || is_customer || true,',
      },
    ],
    attempts: [
      'login of the attacker’s statement (the statement was used), https, default',
      'cookies from a sibling host (no session), https, default',
    ],
  },
  {
    id: 'doubled parameters',
    sentence: 'A callback with a parameter twice is refused.',
    changes: [
      {
        file: 'crates/protocol/src/callback/decision.rs',
        text: 'if is_foreign || callback_url::has_duplicate_parameter(href) {',
        without: 'if is_foreign {',
      },
    ],
    attempts: [
      'doubled parameter (code, first, plain), cross-site, default',
      'doubled parameter (code, first, %6e), cross-site, strict',
    ],
  },
  {
    id: 'clean redirect URL',
    sentence: 'The redirect URL is sent without callback parameters.',
    changes: [
      {
        file: 'crates/protocol/src/authorization/request.rs',
        text: 'let redirect_url = callback_url::without_callback_parameters(&page_url);',
        without: 'let redirect_url: Option<String> = None;',
      },
    ],
    attempts: [
      'error laid into the address before a login (plain), cross-site, strict',
      'error laid into the address before a login (every letter encoded), localhost, strict',
      'result of a link laid into the address (%6e), localhost, strict',
    ],
  },
  {
    id: 'same user after a renewal',
    sentence: 'A renewal brings no anonymous session of another user, and a request is repeated as the same user only.',
    changes: [
      {
        file: 'crates/protocol/src/session/stored.rs',
        text: '!is_anonymous || current.is_none_or(',
        without: 'true || !is_anonymous || current.is_none_or(',
      },
      {
        file: 'crates/client/src/flows/renewal.rs',
        text: 'token.filter(|token| is_same_user && ',
        without: 'token.filter(|token| (is_same_user || true) && ',
      },
    ],
    attempts: ['request that is repeated as another user (POST), https, default'],
  },
  {
    id: 'session generation',
    sentence: 'A callback does not replace a session that began after its login.',
    changes: [
      {
        file: 'crates/protocol/src/callback/generation.rs',
        text: 'is_newer && current != user_id && !self.is_remote',
        without: 'false && is_newer && current != user_id && !self.is_remote',
      },
    ],
    attempts: ['old callback after a newer decision (after another sign-in), localhost, default'],
  },
  {
    id: 'sign-out of pending logins',
    sentence: 'A sign-out ends the pending logins and removes their PKCE code verifiers.',
    changes: [
      {
        file: 'crates/client/src/flows/logout.rs',
        text: '        context.end_pending_authorizations();\n',
        without: '',
      },
    ],
    attempts: [
      'PKCE code verifiers after a sign-out (a login), localhost, default',
      'PKCE code verifiers after a sign-out (a link), cross-site, default',
      'old callback after a newer decision (after a sign-out), localhost, default',
    ],
  },
  {
    id: 'integrity of the files',
    sentence: 'The script knows the hash of each file that it loads.',
    changes: [
      {
        file: 'pkg/src/module-loader.js',
        text: 'const integrity = (part) => sources.integrity?.[part];',
        without: "const integrity = (part) => sources.integrity?.[part + '?'];",
      },
      {
        file: 'pkg/src/verify-script.js',
        text: 'export async function verify(file, href, hash) {\n',
        without: 'export async function verify(file, href, hash) {\n  if (href) return;\n',
      },
    ],
    attempts: [
      'changed file of the package (module.js), localhost, default',
      'changed file of the package (authress_login_wasm_bg.wasm), localhost, default',
    ],
  },
  {
    id: 'binding to the browser, in the strict sandbox',
    sentence: 'A login is completed in the browser that began it.',
    changes: [{ file: 'crates/sandbox/src/dialect.rs', text: 'binds_logins: true,', without: 'binds_logins: false,' }],
    attempts: [
      'link of the attacker’s user id (no session, from an e-mail), localhost, strict',
      'link of the attacker’s user id (an anonymous session, from another site), https, strict',
    ],
  },
  {
    id: 'methods of the verifier',
    sentence: 'The verifier refuses HEAD.',
    changes: [
      {
        file: 'crates/verifier/src/service/login.rs',
        text: '(&Method::GET, _) => false,',
        without: '(&Method::GET | &Method::HEAD, _) => false,',
      },
    ],
    attempts: ['HEAD to the verifier (HEAD), localhost, default'],
  },
  {
    id: 'query of redirect_uri',
    sentence: 'The verifier refuses a `redirect_uri` with parameters that are not allowed.',
    changes: [
      {
        file: 'crates/verifier/src/decision/redirect.rs',
        text: '|| !allowed.allow(query) {',
        without: '|| (false && !allowed.allow(query)) {',
      },
    ],
    attempts: [
      'parameters in the query of redirect_uri (error=x), localhost, default',
      'parameters in the query of redirect_uri (%53tate=y), localhost, default',
    ],
  },
];

/**
 * The source without a fix.
 * @param {Change} change
 * @param {string} source
 */
export function taken({ file, text, without }, source) {
  const parts = source.split(text);
  if (parts.length !== 2) {
    throw new Error(`${file} has this text ${parts.length - 1} times instead of once: change fixes.mjs\n${text}`);
  }
  return parts.join(without);
}
