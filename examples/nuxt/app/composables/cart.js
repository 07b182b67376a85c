// The cart on the server, as the page reads and changes it. `login.fetch` sends the access token.

import { useLoginClient, useShopper } from 'authress-login-wasm/vue';

export function useCart() {
  const login = useLoginClient();
  const shopper = useShopper();
  const userId = computed(() => shopper.value.userIdentity?.userId);
  const cart = ref({});
  const hasFailed = ref(false);

  let last = Promise.resolve();
  /** Runs the requests one after the other, so an older response never replaces a newer one. */
  function update(request) {
    last = last.then(async () => {
      const newest = await request().catch(() => undefined);
      hasFailed.value = newest === undefined;
      cart.value = newest ?? cart.value;
    });
  }

  async function cartIn(response) {
    if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
    return await response.json();
  }

  /** Resolves to `null` if the browser leaves. It comes back to this page with a user id, and `load` adds the mug. */
  async function addMug() {
    const session = await login.signInAnonymously({ appState: 'add' });
    return session && (await cartIn(await login.fetch('/api/cart/mug', { method: 'PUT' })));
  }

  async function load() {
    // What the browser has just come back from. Only the first result has the `appState`, so the mug is added once.
    const result = await login.getRedirectResult();
    if (result?.status === 'signed-in' && result.appState === 'add') return await addMug();
    return userId.value ? await cartIn(await login.fetch('/api/cart')) : {};
  }

  // Again for another user, also one who signs in in another tab. A link keeps the user id, and with it the cart.
  onMounted(() => watch(userId, () => update(load), { immediate: true }));
  return { cart, hasFailed, add: () => update(addMug) };
}
