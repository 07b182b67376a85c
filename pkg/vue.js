// Vue: who is shopping, as a composable.
import { inject, onScopeDispose, shallowReadonly, shallowRef } from 'vue';

const KEY = Symbol('authress-login-wasm');

export function loginClientPlugin(client) {
  return { install: (app) => app.provide(KEY, client) };
}

export function useLoginClient() {
  const client = inject(KEY, null);
  if (!client) throw new Error('useLoginClient and useShopper need app.use(loginClientPlugin(client)).');
  return client;
}

export function useShopper() {
  const client = useLoginClient();
  const shopper = shallowRef(client.getSnapshot());
  // The scope of a server's rendering ends with it, and nothing changes there.
  onScopeDispose(
    client.subscribe(() => {
      shopper.value = client.getSnapshot();
    }),
  );
  return shallowReadonly(shopper);
}
