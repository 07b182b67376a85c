// Written by `cargo xtask generate` from crates/protocol. Change it there.

/** The record of the session in `localStorage`. */
export const SESSION_KEY = 'AuthenticationCredentialsStorage';
/** Keys of unfinished callbacks in `sessionStorage` begin with it. */
export const CALLBACK_KEY_PREFIX = 'AuthenticationCallback ';
/** The callback parameter that names the authorization request. */
export const NONCE_PARAMETER = 'nonce';
/** Parameters that are removed from every address. */
export const TOKEN_PARAMETERS = ['access_token', 'id_token', 'session_token'];
/** The cookie with the access token. */
export const AUTHORIZATION_COOKIE = 'authorization';
/** Seconds by which an expiry is brought forward. */
export const EXPIRY_MARGIN_S = 10;
/** Tokens with a shorter lifetime in seconds lose less. */
export const SHORT_TOKEN_S = 50;
/** The application without the setting `applicationId`. */
export const DEFAULT_APPLICATION_ID = 'app_default';
/** What the id of a service client begins with. */
export const SERVICE_CLIENT_PREFIX = 'sc_';
/** What the id of an extension begins with. */
export const EXTENSION_PREFIX = 'ext_';
