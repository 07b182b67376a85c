'use client';
// React: the session of the shopper, as a hook.
import { LoginClient } from 'authress-login-wasm';
import { createContext, createElement, useCallback, useContext, useSyncExternalStore } from 'react';

/** @import { LoginClientSettings } from 'authress-login-wasm' */

const Context = createContext(/** @type {LoginClient | null} */ (null));
// A server renders this, and a browser renders it first, so that both agree.
const checking = Object.freeze({ status: /** @type {const} */ ('checking'), userIdentity: null });
const onServer = () => checking;

/**
 * Clients by their settings: strict mode renders twice, a page may have several providers, and none needs a second client.
 * @type {Map<string, LoginClient>}
 */
const clients = new Map();

/** @param {LoginClientSettings} settings */
function clientOf(settings) {
  const key = JSON.stringify(settings);
  const client = clients.get(key) ?? new LoginClient(settings);
  clients.set(key, client);
  return client;
}

/** @param {{ client?: LoginClient, settings?: LoginClientSettings, children?: import('react').ReactNode }} properties */
export function LoginClientProvider({ client, settings, children }) {
  return createElement(Context.Provider, { value: client ?? (settings ? clientOf(settings) : null) }, children);
}

export function useLoginClient() {
  const client = useContext(Context);
  if (!client) throw new Error('useLoginClient and useShopper need a LoginClientProvider around them.');
  return client;
}

export function useShopper() {
  const client = useLoginClient();
  const subscribe = useCallback((/** @type {() => void} */ listener) => client.subscribe(listener), [client]);
  const snapshot = useCallback(() => client.getSnapshot(), [client]);
  return useSyncExternalStore(subscribe, snapshot, onServer);
}
