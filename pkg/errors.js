// The one class of errors. Only what can fail before or without the module has its sentence here; all
// others come from the module.

const SENTENCES = {
  InvalidAuthressApiUrl:
    'The setting authressApiUrl is missing or is no http(s) URL. Set it to your Authress custom domain, for example https://login.example.com.',
  InvalidApplication:
    'The setting applicationId must be the id of an Authress application, which starts with app_. A service client (sc_) or extension (ext_) goes into connectionId, not here.',
  InvalidExtension:
    'The id of an extension is needed, which starts with ext_. Find it in the Authress management portal.',
  AuthressSdkNetworkError:
    'Authress could not be reached or did not answer, after several tries. Check the connection and try again; nothing was lost.',
  RequestTimeout:
    'The call took longer than allowed. Try again, or allow more time with timeoutInMillis; nothing was lost.',
  ModuleLoadFailed:
    'The login module could not be loaded: {cause}. Serve what the package has in dist, or name the address of the .wasm file with initWasm(url).',
  InternalError: 'An unexpected failure inside the login client. Please report it.',
};

export class LoginError extends Error {
  constructor(code, options) {
    super(SENTENCES[code].replace('{cause}', () => options.cause?.message ?? options.cause), options);
    this.name = 'LoginError';
    this.code = code;
  }
}

/** Whatever was thrown, as what callers can rely on. */
export function asLoginError(error) {
  if (error instanceof LoginError) return error;
  if (error instanceof Error && error.name === 'LoginError') return Object.setPrototypeOf(error, LoginError.prototype);
  return new LoginError('InternalError', { cause: error });
}
