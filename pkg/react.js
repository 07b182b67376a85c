// React: who is shopping, as a hook.
import { createContext, createElement, useCallback, useContext, useSyncExternalStore } from 'react';

const Context = createContext(null);
// What a server renders, and a browser first, so that both agree.
const checking = Object.freeze({ status: 'checking', userIdentity: null });
const onServer = () => checking;

export function LoginClientProvider({ client, children }) {
  return createElement(Context.Provider, { value: client }, children);
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
