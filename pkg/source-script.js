// A classic script only knows its address while it runs for the first time.
const address = globalThis.document?.currentScript?.src;

/** The folder of the files. A CDN serves the script at the package's bare address, too, without saying what file it is. */
function folder() {
  if (!address)
    throw new TypeError(
      'the script has no address of its own, as in a loader of scripts. Name the module with AuthressLogin.initWasm(url).',
    );
  const { href, pathname } = new URL(address);
  return /\/authress-login-wasm(@[^/]*)?\/?$/.test(pathname) ? `${href.replace(/[/?#]*$/, '')}/dist/` : href;
}

const beside = (file) => new URL(file, folder());

export default {
  core: () => beside('authress_login_wasm_bg.wasm'),
  account: () => beside('account_bg.wasm'),
  javaScript: () => import(beside('fallback.js')),
};
