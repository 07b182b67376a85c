// The module's two parts lie beside this file: bundlers that know this form of URL copy them and put in their new addresses.
export default {
  core: () => new URL('./authress_login_wasm_bg.wasm', import.meta.url),
  account: () => new URL('./account_bg.wasm', import.meta.url),
  javaScript: () => import('./fallback.js'),
};
