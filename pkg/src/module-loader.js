// Loads the module when it is first needed: its bytes and, at the same time, the JavaScript that runs them (module-instance.js).
// That is a file of its own, because most pages of a shop need neither.
//
// The build provides the imports named `generated:`; see xtask/package.mjs.
import build from 'generated:build';
import sources from 'generated:sources';
import { LoginError } from './errors.js';
import { hasPage } from './without-page.js';

/**
 * @import { WasmParts, WasmSource } from 'authress-login-wasm'
 * @import { Classes, start as Start } from './module-instance.js'
 */

/** A module's magic number and version, and the type of a function with a reference and a vector. What the module needs is
 * older than these two in every browser (Chrome 96, Firefox 89, Safari 16.4). */
const NEEDED = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 2, 111, 123, 0);

/** How long after a failed import the second one starts, in milliseconds. */
const RETRY_MS = 300;

/**
 * Rejects the calls that are pending.
 * @type {Set<(error: LoginError) => void>}
 */
const inFlight = new Set();
/**
 * The locations that the page has given.
 * @type {Record<string, any>}
 */
const givenSources = {};
/** @type {ReturnType<typeof importModule> | undefined} */
let importing;
/** @type {ReturnType<typeof Start> | undefined} */
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

/**
 * The hash of the file of a part. `fetch` compares it with the bytes that arrive.
 * @param {string} part
 * @returns {string | undefined}
 */
const integrity = (part) => sources.integrity?.[part];

/**
 * Requests the file of the core before the JavaScript that compiles it is loaded.
 * @returns {import('./compile.js').Prefetched | undefined}
 */
function prefetch() {
  try {
    const source = givenSources.core ?? sources.core();
    const address = source.href ?? source;
    if (typeof address !== 'string') return { source };
    const response = fetch(address, { integrity: integrity('core') });
    response.catch(() => {}); // compile() repeats the request and explains why it fails.
    return { source, address: new URL(address, document.baseURI).href, response };
  } catch {
    return undefined;
  }
}

/**
 * Imports another file of the package, and again if that fails.
 * @param {(core: unknown) => Promise<any>} get
 * @param {string} advice if it fails
 */
async function imported(get, advice) {
  const attempt = async () => get(givenSources.core);
  const retry = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS)).then(attempt);
  try {
    return await attempt().catch(retry);
  } catch (cause) {
    throw new TypeError(`${/** @type {any} */ (cause)?.message ?? cause}. ${advice}`, { cause });
  }
}

/** @returns {Promise<ReturnType<typeof Start>>} */
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
    source: (/** @type {string} */ part) => givenSources[part] ?? sources[part]?.(givenSources.core),
    integrity,
    prefetched,
    usesWasm,
    javaScript,
    onTrap,
  });
}

/** @param {unknown} cause */
function onTrap(cause) {
  isLoading = false;
  for (const reject of inFlight) reject(new LoginError('InternalError', { cause }));
  inFlight.clear();
}

/**
 * The Rust classes of an instance that has not trapped and has this part.
 * @param {string} [part]
 * @returns {Promise<Classes>}
 */
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
      part && instance() && /** @type {any} */ (cause)?.isNetworkFailure
        ? 'AuthressSdkNetworkError'
        : 'ModuleLoadFailed',
      {
        cause,
      },
    );
  }
}

/**
 * The same if they are loaded already, otherwise undefined.
 * @param {string} [part]
 * @returns {Classes | undefined}
 */
export const instance = (part) => module?.instance(part);

/** Whether there has been an instance on this page. */
export const hasLoaded = () => Boolean(module?.hasLoaded());

/**
 * Calls `reject` if the instance traps before the returned function is called.
 * @param {(error: LoginError) => void} reject
 */
export function rejectOnTrap(reject) {
  inFlight.add(reject);
  return () => inFlight.delete(reject);
}

/**
 * Loads the module now.
 * @param {WasmSource | PromiseLike<WasmSource>} [source] its location, if it is not being loaded yet
 * @param {WasmParts} [parts] the locations of its parts
 */
export async function initWasm(source, parts) {
  if (!isLoading) givenSources.core = source ?? givenSources.core;
  Object.assign(givenSources, parts);
  if (hasPage()) await load();
}
