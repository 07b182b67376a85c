// What the bindings for React, Vue and Svelte show of a client: its snapshot, and what a shopper does.

/**
 * @import { SessionSnapshot } from 'authress-login-wasm'
 * @import { Shopper, ShopperClient } from './shopper.js'
 */

const ACTIONS = /** @type {const} */ (['signInAnonymously', 'signIn', 'switchAccount', 'signOut']);

/**
 * What a server renders, and a browser first, so that both agree.
 * @type {SessionSnapshot}
 */
const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

/**
 * By client and snapshot, so that it is the same object until something changes.
 * @type {WeakMap<ShopperClient, WeakMap<SessionSnapshot, Shopper>>}
 */
const shoppers = new WeakMap();

/**
 * @param {ShopperClient} client
 * @param {SessionSnapshot} [snapshot]
 * @returns {Shopper}
 */
export function shopperOf(client, snapshot = client.getSnapshot()) {
  const known = shoppers.get(client) ?? new WeakMap();
  shoppers.set(client, known);
  if (!known.has(snapshot)) {
    const actions = ACTIONS.map((name) => [name, (/** @type {any} */ options) => client[name](options)]);
    const isAnonymous = snapshot.status === 'anonymous';
    known.set(snapshot, Object.freeze({ ...snapshot, isAnonymous, ...Object.fromEntries(actions) }));
  }
  return known.get(snapshot);
}

/** @param {ShopperClient} client */
export const unknownShopper = (client) => shopperOf(client, CHECKING);
