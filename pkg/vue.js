// Vue: the session of the shopper, as a composable.
import { getCurrentInstance, inject, onMounted, onScopeDispose, shallowReadonly, shallowRef } from 'vue';

import { shopperOf, unknownShopper } from './shopper.js';

/** @import { ShopperClient } from './shopper.js' */

const KEY = Symbol('authress-login-wasm');

/** @param {ShopperClient} client */
export function loginClientPlugin(client) {
  return { install: (/** @type {import('vue').App} */ app) => app.provide(KEY, client) };
}

/** @returns {any} */
export function useLoginClient() {
  const client = inject(KEY, null);
  if (!client) throw new Error('useLoginClient and useShopper need app.use(loginClientPlugin(client)).');
  return client;
}

export function useShopper() {
  const client = useLoginClient();
  const shopper = shallowRef(unknownShopper(client));
  const show = () => {
    shopper.value = shopperOf(client);
  };
  /** @type {(() => void) | undefined} */
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
