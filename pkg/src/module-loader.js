// Loads the module when it is first needed: its bytes and, at the same time, the JavaScript that runs them (module-instance.js).
// That is a file of its own, because most pages of a shop need neither.
//
// The build provides the imports named `generated:`; see xtask/package.mjs.
import build from 'generated:build';
import sources from 'generated:sources';
import { LoginError } from './errors.js';
import { hasPage } from './without-page.js';

/** A module with one type, of a function with a reference and a vector: the newest features that the module needs (Chrome 96,
 * Firefox 89, Safari 16.4). */
const NEEDED = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 2, 111, 123, 0);

/** The delay before a failed import is repeated, in milliseconds. */
const RETRY_MS = 300;

/** Rejects the pending calls after a trap. */
const inFlight = new Set();
/** The locations of the module's files from `initWasm`. */
const givenSources = {};
let importing;
/** The result of `start` in module-instance.js. */
let module;
let isLoading = false;

/** Whether this page can use WebAssembly: a Content-Security-Policy can forbid it, and old browsers, Lockdown Mode and hardened
 * browsers lack it or a feature. */
function isAllowed() {
  try {
    return Boolean(new WebAssembly.Module(NEEDED));
  } catch {
    return false;
  }
}

/** Requests the file of the core before the JavaScript that compiles it is there: `{source, address, response}`. */
function prefetch() {
  try {
    const source = givenSources.core ?? sources.core();
    const address = source.href ?? source;
    if (typeof address !== 'string') return { source };
    const response = fetch(address);
    response.catch(() => {}); // compile() repeats the request and explains why it fails.
    return { source, address: new URL(address, document.baseURI).href, response };
  } catch {
    return undefined;
  }
}

/** Imports another file of the package; a failed import is repeated once. */
async function imported(get, advice) {
  const attempt = async () => get(givenSources.core);
  const retry = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS)).then(attempt);
  try {
    return await attempt().catch(retry);
  } catch (cause) {
    throw new TypeError(`${cause?.message ?? cause}. ${advice}`, { cause });
  }
}

async function importModule() {
  const usesWasm = isAllowed();
  const prefetched = usesWasm ? prefetch() : undefined;
  const { build: other, start } = await imported(
    sources.module,
    "Reload the page: the site may have a new version. Serve all files of the package's dist, or import authress-login-wasm/inline.",
  );
  if (other !== build) {
    throw new TypeError(
      'index.js and module.js are of two builds. Reload the page; otherwise serve both from one version.',
    );
  }
  const javaScript = () =>
    imported(sources.javaScript, "Serve dist/fallback.js too, or allow 'wasm-unsafe-eval' in script-src.");
  return start({
    source: (part) => givenSources[part] ?? sources[part]?.(givenSources.core),
    prefetched,
    usesWasm,
    javaScript,
    onTrap,
  });
}

function onTrap(cause) {
  isLoading = false;
  for (const reject of inFlight) reject(new LoginError('InternalError', { cause }));
  inFlight.clear();
}

/** Loads the module, and a part of it; returns the Rust classes of an instance that has not trapped. */
export async function load(part) {
  try {
    isLoading = true;
    importing ??= importModule();
    module = await importing;
    return await module.load(part);
  } catch (cause) {
    // The next call tries again.
    if (!module) importing = undefined;
    if (!instance()) isLoading = false;
    // The server of the core also serves the parts: if they cannot be fetched, the network is at fault.
    throw new LoginError(
      part && instance() && cause?.isNetworkFailure ? 'AuthressSdkNetworkError' : 'ModuleLoadFailed',
      {
        cause,
      },
    );
  }
}

/** The Rust classes if they are loaded, otherwise undefined. */
export const instance = (part) => module?.instance(part);

/** Whether there has been an instance on this page. */
export const hasLoaded = () => Boolean(module?.hasLoaded());

/** Calls `reject` if the instance traps; the returned function ends that. */
export function rejectOnTrap(reject) {
  inFlight.add(reject);
  return () => inFlight.delete(reject);
}

/** `initWasm`: loads the module now. `source` counts if the module is not being loaded yet. */
export async function initWasm(source, parts) {
  if (!isLoading) givenSources.core = source ?? givenSources.core;
  Object.assign(givenSources, parts);
  if (hasPage()) await load();
}
