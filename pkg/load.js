// Loads the WebAssembly module, once for all clients, and starts it anew should it ever crash.
import init, * as glue from './dist/authress_login_wasm.js';
import { LoginError } from './errors.js';

let loading;
const inFlight = new Set();

/** The module's classes, of an instance that is alive. */
export function load() {
  loading ??= init().then(
    () => {
      glue.onPanic(() => {
        for (const reject of inFlight) reject(new LoginError('InternalError'));
      });
      return glue;
    },
    (cause) => {
      loading = undefined; // The next call tries again.
      throw new LoginError('ModuleLoadFailed', { cause });
    },
  );
  return loading;
}

/** Calls `reject` if the module crashes before the returned function is called. */
export function rejectOnCrash(reject) {
  inFlight.add(reject);
  return () => inFlight.delete(reject);
}
