// The locations of the files for a classic script, which knows its own address only while it first runs.
const address = globalThis.document?.currentScript?.src;

/** The folder of the files. A CDN may serve the script at the package's bare address, without the name of the file. */
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

const beside = (file, core) => new URL(file, folder(core));

// `core` is the location from `initWasm`: without an address of the script, the other files are expected beside it.
export default {
  core: () => beside('authress_login_wasm_bg.wasm'),
  account: (core) => beside('account_bg.wasm', core),
  module: (core) => import(beside('module.js', core)),
  javaScript: (core) => import(beside('fallback.js', core)),
};
