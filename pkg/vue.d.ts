import type { Plugin, ShallowRef } from 'vue';
import type { LoginClient } from './index.js';
import type { Shopper, ShopperClient } from './shopper.js';

export type { Shopper, ShopperClient } from './shopper.js';

/** A plugin for `app.use` that provides `useLoginClient` and `useShopper` with a client. */
export function loginClientPlugin(client: ShopperClient): Plugin;

/**
 * Returns the client of the plugin, for what `useShopper` does not offer. Call it in `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useLoginClient<Client extends ShopperClient = LoginClient>(): Client;

/**
 * Returns the state of the session and what a shopper does. It changes with this tab and others until the component is unmounted. Call it in
 * `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useShopper(): Readonly<ShallowRef<Shopper>>;
