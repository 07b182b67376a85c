// generated: error-codes
/** Every code that `LoginError.code` can have. docs/errors.md of the repository explains each. */
export type LoginErrorCode =
  | 'InvalidAuthressApiUrl'
  | 'InvalidApplication'
  | 'InvalidExtension'
  | 'InvalidInput'
  | 'InvalidConnection'
  | 'InvalidAuthenticationRequest'
  | 'OriginMismatch'
  | 'InvalidAuthorizationCode'
  | 'InvalidRedirectOpenType'
  | 'InvalidResponseLocation'
  | 'InvalidRedirectUrl'
  | 'NotLoggedIn'
  | 'SessionNotBegunHere'
  | 'UserChanged'
  | 'TokenTimeout'
  | 'OriginNotAllowed'
  | 'StorageUnavailable'
  | 'AuthressSdkNetworkError'
  | 'RequestTimeout'
  | 'RequestRefused'
  | 'InvalidServerResponse'
  | 'InvalidCallback'
  | 'LoginOutdated'
  | 'ModuleLoadFailed'
  | 'InternalError';
// /generated: error-codes

/** A failure of the client. Its message says what to do and contains no secrets. */
export class LoginError extends Error {
  private constructor();
  readonly name: 'LoginError';
  readonly code: LoginErrorCode;
  /** The HTTP status, if a server responded. */
  readonly status?: number;
  /** Authress's own error code, if the response had one. */
  readonly serverCode?: string;
  /** The browser's own error, if there was one, for example the error of `fetch`. */
  readonly cause?: unknown;
}
