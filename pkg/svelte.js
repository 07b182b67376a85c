// Svelte: who is shopping, as a store.
import { readable } from 'svelte/store';

export function shopperStore(client) {
  return readable(client.getSnapshot(), (set) => {
    const show = () => set(client.getSnapshot());
    show();
    return client.subscribe(show);
  });
}
