// Who the shopper is, as the shop's server says. The login client reads the identity without verifying its signature, so
// the page goes by the server's response wherever there is one.

/**
 * @import { Shopper } from './session.js'
 * @import { Cart } from './shop-api.js'
 */

/** @type {Shopper} */
export const SIGNED_OUT = { state: 'signed-out', userId: null, name: null, email: null };

/**
 * The shopper as the server has verified it.
 * @param {Shopper} claimed as the login client reads it
 * @param {Cart} cart the server's last response; without a `userId` there was none
 * @returns {Shopper}
 */
export function verifiedShopper(claimed, { userId, isAnonymous }) {
  if (claimed.state === 'signed-out' || userId === null) return claimed;
  /** @type {Shopper} */
  const verified = { state: isAnonymous ? 'anonymous' : 'signed-in', userId, name: null, email: null };
  // Name and e-mail address are the identity's. One that differs is not the owner of this cart.
  return isSameShopper(claimed, verified) ? claimed : verified;
}

/**
 * Whether both have the same user id, and an account or not.
 * @param {Shopper} one
 * @param {Shopper} other
 */
export function isSameShopper(one, other) {
  return one.state === other.state && one.userId === other.userId;
}
