import type { Plugin, ShallowRef } from 'vue';
import type { LoginClient, SessionSnapshot } from './index.js';

/** For `app.use`: gives components the client of `useLoginClient` and `useShopper`. */
export function loginClientPlugin(client: LoginClient): Plugin;

/**
 * The client that the plugin was made with. Call it in `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useLoginClient(): LoginClient;

/**
 * Who is shopping, here or signed in from another tab, until the component is unmounted. Call it in
 * `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useShopper(): Readonly<ShallowRef<SessionSnapshot>>;
