import type { Plugin, ShallowRef } from 'vue';
import type { LoginClient, SessionSnapshot } from './index.js';

/** A plugin for `app.use` that provides `useLoginClient` and `useShopper` with a client. */
export function loginClientPlugin(client: LoginClient): Plugin;

/**
 * Returns the client of the plugin. Call it in `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useLoginClient(): LoginClient;

/**
 * Returns the state of the session, which changes with this tab and others until the component is unmounted. Call it in
 * `setup`.
 *
 * @throws {Error} without the plugin.
 */
export function useShopper(): Readonly<ShallowRef<SessionSnapshot>>;
