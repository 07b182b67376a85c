// A classic script only knows its address while it runs for the first time.
const address = globalThis.document?.currentScript?.src;

function beside(file) {
  if (!address) throw new TypeError('the script has no address of its own: name the module with AuthressLogin.initWasm(url)');
  return new URL(file, address);
}

export default {
  core: () => beside('authress_login_wasm_bg.wasm'),
  start: () => beside('start_bg.wasm'),
  return: () => beside('return_bg.wasm'),
  account: () => beside('account_bg.wasm'),
};
