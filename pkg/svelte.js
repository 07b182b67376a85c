// Svelte: the session of the shopper, as a store.
import { readable } from 'svelte/store';

import { shopperOf } from './shopper.js';

/** @param {import('./shopper.js').ShopperClient} client */
export function shopperStore(client) {
  return readable(shopperOf(client), (set) => {
    const show = () => set(shopperOf(client));
    show();
    return client.subscribe(show);
  });
}
