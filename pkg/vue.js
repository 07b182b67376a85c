// Vue: the session of the shopper, as a composable.
import { getCurrentInstance, inject, onMounted, onScopeDispose, shallowReadonly, shallowRef } from 'vue';

const KEY = Symbol('authress-login-wasm');
// What a server renders, and a browser first, so that both agree.
const CHECKING = Object.freeze({ status: 'checking', userIdentity: null });

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
  const shopper = shallowRef(CHECKING);
  const show = () => {
    shopper.value = client.getSnapshot();
  };
  let stop;
  let isOver = false;
  const start = () => {
    // A component can be unmounted before it is mounted: inside a Suspense.
    if (isOver) return;
    stop = client.subscribe(show);
    show();
  };
  // The scope of a component that a server renders never ends, and it is never mounted.
  if (getCurrentInstance()) onMounted(start);
  else start();
  onScopeDispose(() => {
    isOver = true;
    stop?.();
  });
  return shallowReadonly(shopper);
}
