'use client';
// React: the session of the shopper, as a hook.
import { LoginClient } from 'authress-login-wasm';
import { createContext, createElement, useCallback, useContext, useSyncExternalStore } from 'react';

const Context = createContext(null);
// What a server renders, and a browser first, so that both agree.
const checking = Object.freeze({ status: 'checking', userIdentity: null });
const onServer = () => checking;

/** Clients made from settings: strict mode renders twice, a page may have several providers, and none needs a second client. */
const clients = new Map();

function clientOf(settings) {
  const key = JSON.stringify(settings);
  if (!clients.has(key)) clients.set(key, new LoginClient(settings));
  return clients.get(key);
}

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
  const subscribe = useCallback((listener) => client.subscribe(listener), [client]);
  const snapshot = useCallback(() => client.getSnapshot(), [client]);
  return useSyncExternalStore(subscribe, snapshot, onServer);
}
