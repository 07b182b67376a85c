// The locations of the files beside this one. Bundlers that support this form of URL copy the files and insert the new addresses.
import integrity from 'generated:integrity';

export default {
  integrity,
  core: () => new URL('./authress_login_wasm_bg.wasm', import.meta.url),
  account: () => new URL('./account_bg.wasm', import.meta.url),
  // @ts-expect-error The build makes this file.
  module: () => import('./module.js'),
  javaScript: () => import('./fallback.js'),
};
