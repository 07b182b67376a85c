// Written by `cargo xtask generate` from crates/protocol/src/error.rs. Change it there.

/** What happened and what to do about it. `{cause}` stands for the cause's own message. */
export const MESSAGES = {
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
  NotLoggedIn: 'This call needs a session. Call signInAnonymously or signIn first.',
  SessionNotBegunHere:
    "This anonymous session was found in the browser: no login here began it, and it may be another person's. No identity is linked to it. Call signIn with the option claimTicket, which logs in and takes the cart along.",
  UserChanged:
    "The session is now another user's than the one that the page knows, so nothing was sent for it. Read getSnapshot, show the new user, and repeat the call if it is still meant.",
  TokenTimeout:
    'No session was found in time. Call signInAnonymously or signIn to start one, then request the token again.',
  OriginNotAllowed:
    'The access token is not sent to this origin. Add the origin to the setting tokenOrigins if it is your own API.',
  StorageUnavailable:
    'The browser refused to store the pending login, so the login could not be completed after the redirect. Allow site data for this site, or leave private mode.',
  AuthressSdkNetworkError:
    'Authress could not be reached or did not respond after several attempts. Check the connection and try again; nothing was lost.',
  RequestTimeout:
    'The call took longer than allowed. Try again, or allow more time with timeoutInMillis; nothing was lost.',
  RequestRefused: 'Authress refused the request (set-up checklist: docs/set-up.md).',
  InvalidServerResponse:
    'The response of the login service does not follow the protocol. Check that authressApiUrl is your Authress custom domain.',
  InvalidCallback:
    'The address is no valid callback: a callback parameter occurs twice, or iss names another authorization server. Nothing was used; the login can still be completed or started again.',
  LoginOutdated:
    'The shopper has signed in or out since this login or link began, or it began more than an hour ago. Its callback was not used; start it again if it is still wanted.',
  ModuleLoadFailed: 'The login module could not be loaded: {cause}',
  InternalError: 'An unexpected failure in the login client. Please report it.',
};
