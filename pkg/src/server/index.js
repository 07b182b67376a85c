// The entry for servers: who a request is from, by an access token, and tickets that move carts.
//
// It is the one entry with a dependency, jose. Browsers get in-browser.js instead.
export { createClaimTickets } from './claim-tickets.js';
export { ServerSettingError, ShopperError } from './errors.js';
export { memoryStore } from './memory-store.js';
export { createShopperVerifier } from './verifier.js';
