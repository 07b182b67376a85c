'use client';
// React: the session of the shopper, as a hook.
import { LoginClient } from 'authress-login-wasm';
import { createContext, createElement, useCallback, useContext, useSyncExternalStore } from 'react';

import { shopperOf, unknownShopper } from './shopper.js';

/**
 * @import { LoginClientSettings } from 'authress-login-wasm'
 * @import { ShopperClient } from './shopper.js'
 */

const Context = createContext(/** @type {ShopperClient | null} */ (null));

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

/** @param {{ client?: ShopperClient, settings?: LoginClientSettings, children?: import('react').ReactNode }} properties */
export function LoginClientProvider({ client, settings, children }) {
  return createElement(Context.Provider, { value: client ?? (settings ? clientOf(settings) : null) }, children);
}

/** @returns {any} */
export function useLoginClient() {
  const client = useContext(Context);
  if (!client) throw new Error('useLoginClient and useShopper need a LoginClientProvider around them.');
  return client;
}

export function useShopper() {
  const client = useLoginClient();
  const subscribe = useCallback((/** @type {() => void} */ listener) => client.subscribe(listener), [client]);
  const shopper = useCallback(() => shopperOf(client), [client]);
  const onServer = useCallback(() => unknownShopper(client), [client]);
  return useSyncExternalStore(subscribe, shopper, onServer);
}
