// What browsers get instead of the entry for servers. It has the same names, so that no bundler complains about one, and
// nothing of jose.
export { ServerSettingError, ShopperError } from './errors.js';

/**
 * @param {string} name
 * @returns {() => never}
 */
const onServersOnly = (name) => () => {
  throw new Error(
    `${name}() of authress-login-wasm/server runs on servers only: a page cannot decide who may do what. Import it in server code, and LoginClient of authress-login-wasm in pages.`,
  );
};

export const createShopperVerifier = onServersOnly('createShopperVerifier');
export const createClaimTickets = onServersOnly('createClaimTickets');
export const memoryStore = onServersOnly('memoryStore');
