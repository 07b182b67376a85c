// Replaces module-loader.js in the package's form for servers, which has no module: none is needed without a page.
import { LoginError } from './errors.js';
import { hasPage } from './without-page.js';

export async function load() {
  const cause = new TypeError(
    "this is the package's form for servers, and there is a page. In tests import authress-login-wasm/testing, or authress-login-wasm/inline for the client itself",
  );
  throw new LoginError('ModuleLoadFailed', { cause });
}

export const instance = () => undefined;
export const hasLoaded = () => false;
export const rejectOnTrap = () => () => {};

export async function initWasm() {
  if (hasPage()) await load();
}
