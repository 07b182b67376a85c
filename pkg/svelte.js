// Svelte: the session of the shopper, as a store.
import { readable } from 'svelte/store';

/** @param {import('authress-login-wasm').LoginClient} client */
export function shopperStore(client) {
  return readable(client.getSnapshot(), (set) => {
    const show = () => set(client.getSnapshot());
    show();
    return client.subscribe(show);
  });
}
