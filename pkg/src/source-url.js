// The locations of the files beside this one. Bundlers that support this form of URL copy the files and insert the new addresses.
import integrity from 'generated:integrity';
import { verify } from './verify-script.js';

/** The address of this file where the package is served as it is published. Bundlers change what it imports. */
const PUBLISHED = /^https?:.*\/authress-login-wasm(@[^/]*)?\/dist\/index\.js([?#]|$)/;

/**
 * Makes sure that a script which is imported next has the bytes of the build, unless a bundler has made this file.
 * @param {string} file
 */
async function verified(file) {
  const here = import.meta.url;
  if (PUBLISHED.test(here)) await verify(file, new URL(file, here).href, integrity[file]);
}

export default {
  integrity,
  core: () => new URL('./authress_login_wasm_bg.wasm', import.meta.url),
  account: () => new URL('./account_bg.wasm', import.meta.url),
  // @ts-expect-error The build makes this file.
  module: () => verified('module.js').then(() => import('./module.js')),
  javaScript: () => verified('fallback.js').then(() => import('./fallback.js')),
};
