import type { Readable } from 'svelte/store';
import type { Shopper, ShopperClient } from './shopper.js';

export type { Shopper, ShopperClient } from './shopper.js';

/** Creates a store with the state of the session and what a shopper does, which changes with this tab and others. */
export function shopperStore(client: ShopperClient): Readable<Shopper>;
