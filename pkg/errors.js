// The one class of errors, and what each code means in a sentence. crates/protocol/src/error.rs has the same table, for
// native code, in the same order; a test holds one against the other.

const SENTENCES = {
  InvalidAuthressApiUrl:
    'The setting authressApiUrl is missing or is not an http(s) URL. Set it to your Authress custom domain, for example https://login.example.com.',
  InvalidApplication:
    'The setting applicationId must be the id of an Authress application, which starts with app_. A service client (sc_) or extension (ext_) goes into connectionId, not here.',
  InvalidExtension: 'An extension id is required; it starts with ext_. Find it in the Authress management portal.',
  InvalidInput: 'An option has the wrong type or value.',
  InvalidConnection:
    'linkIdentity needs connectionId or tenantLookupIdentifier: the identity provider that the shopper signs in with.',
  InvalidAuthenticationRequest:
    'updateExtensionAuthenticationRequest needs the id of an authentication request. Pass the option state, or call it on a page whose address has the parameter state.',
  OriginMismatch:
    'updateExtensionAuthenticationRequest works only on an https page that shares its domain with the Authress host.',
  InvalidAuthorizationCode:
    'There is no authorization code for a pending login of this browser. Pass the option code, or call requestToken on the page to which the browser returned.',
  InvalidRedirectOpenType: 'The option redirectOpenType must be redirect, tab or client-managed.',
  InvalidResponseLocation: 'The option responseLocation must be cookie, query or none.',
  InvalidRedirectUrl: 'The redirect URL is invalid. Use an http(s) URL or a path on this site.',
  NotLoggedIn: 'This call needs a session. Call authenticate first.',
  TokenTimeout: 'No session was found in time. Call authenticate to start one, then request the token again.',
  OriginNotAllowed:
    'The access token is not sent to this origin. Add the origin to the setting tokenOrigins if it is your own API.',
  StorageUnavailable:
    'The browser refused to store the pending login, so the login could not be completed after the redirect. Allow site data for this site, or leave private mode.',
  AuthressSdkNetworkError:
    'Authress could not be reached or did not respond after several attempts. Check the connection and try again; nothing was lost.',
  RequestTimeout:
    'The call took longer than allowed. Try again, or allow more time with timeoutInMillis; nothing was lost.',
  RequestRefused: 'Authress refused the request.',
  InvalidServerResponse:
    'The response of the login service does not follow the protocol. Check that authressApiUrl is your Authress custom domain.',
  ModuleLoadFailed: 'The login module could not be loaded: {cause}',
  InternalError: 'An unexpected failure in the login client. Please report it.',
};

/** So that a message stays below 500 characters, whatever a browser quotes in its own. */
const LONGEST_CAUSE = 450;

export class LoginError extends Error {
  // Defined and not assigned: a page may freeze Error.prototype, whose own name is read-only then.
  name = 'LoginError';

  constructor(code, { cause, detail, ...more } = {}) {
    const sentence = SENTENCES[code].replace('{cause}', () => String(cause?.message ?? cause).slice(0, LONGEST_CAUSE));
    super(detail ? `${sentence} ${detail}` : sentence, cause === undefined ? undefined : { cause });
    Object.assign(this, more, { code });
  }
}

const CODES = Object.keys(SENTENCES);

/** Whatever was thrown, as what callers can rely on. The module throws what an error is to be made of. */
export function asLoginError(error) {
  if (error instanceof LoginError) return error;
  const { place, ...more } = error ?? {};
  return CODES[place] ? new LoginError(CODES[place], more) : new LoginError('InternalError', { cause: error });
}
