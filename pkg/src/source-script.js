// A classic script only knows its address while it runs for the first time.
const address = globalThis.document?.currentScript?.src;

/** The folder of the files. A CDN serves the script at the package's bare address, too, without saying what file it is. */
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

// `core` is where the page has said that the module is: the other files are expected beside it if the script has no address.
export default {
  core: () => beside('authress_login_wasm_bg.wasm'),
  account: (core) => beside('account_bg.wasm', core),
  module: (core) => import(beside('module.js', core)),
  javaScript: (core) => import(beside('fallback.js', core)),
};
