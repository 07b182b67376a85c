import integrity from 'generated:integrity';
import { verify } from './verify-script.js';

// A classic script only knows its address while it runs for the first time.
const address = /** @type {HTMLScriptElement | null} */ (globalThis.document?.currentScript)?.src;

/**
 * The folder of the files. A CDN may serve the script at the package's bare address, without the name of the file.
 * @param {unknown} core
 */
function folder(core) {
  const isAddress = typeof core === 'string' || core instanceof URL;
  if (!address && isAddress) return new URL(core, document.baseURI);
  if (!address)
    throw new TypeError(
      'the script has no address of its own, as in a loader of scripts. Name the module with AuthressLogin.initWasm(url).',
    );
  const { href, pathname } = new URL(address);
  return /\/authress-login-wasm(@[^/]*)?\/?$/.test(pathname) ? `${href.replace(/[/?#]*$/, '')}/dist/` : href;
}

/** @type {(file: string, core?: unknown) => URL} */
const beside = (file, core) => new URL(file, folder(core));

/**
 * Imports another file of the package.
 * @param {string} file
 * @param {unknown} core the location of the core that the page has given: the other files are beside it if the script has no
 * address
 */
async function imported(file, core) {
  const { href } = beside(file, core);
  await verify(file, href, integrity[file]);
  return import(href);
}

export default {
  integrity,
  core: () => beside('authress_login_wasm_bg.wasm'),
  account: (/** @type {unknown} */ core) => beside('account_bg.wasm', core),
  module: (/** @type {unknown} */ core) => imported('module.js', core),
  javaScript: (/** @type {unknown} */ core) => imported('fallback.js', core),
};
