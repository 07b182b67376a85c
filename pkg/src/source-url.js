// The files of the module lie beside this file: bundlers that know this form of URL copy them and put in their new addresses.
export default {
  core: () => new URL('./authress_login_wasm_bg.wasm', import.meta.url),
  account: () => new URL('./account_bg.wasm', import.meta.url),
  module: () => import('./module.js'),
  javaScript: () => import('./fallback.js'),
};
