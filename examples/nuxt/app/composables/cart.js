// The cart on the server, as the page reads and changes it. `login.fetch` sends the access token.
import { useLoginClient, useShopper } from 'authress-login-wasm/vue';

export function useCart() {
  const login = useLoginClient();
  const base = useRuntimeConfig().app.baseURL.replace(/\/$/, '');
  // On the server, and until the page is mounted, the status is `checking`.
  const shopper = useShopper();
  const userId = computed(() => shopper.value.userIdentity?.userId);
  const cart = ref({});
  const hasFailed = ref(false);

  let last = Promise.resolve();
  /** Runs the requests one after the other, so an older response never replaces a newer one. */
  function update(request) {
    last = last.then(async () => {
      const newest = await request().then((result) => result ?? null, console.error);
      // Loading the cart does not hide the notice of a failed press.
      hasFailed.value = newest === undefined || (hasFailed.value && request === load);
      if (newest?.items) cart.value = newest;
    });
  }

  /** Resolves to the cart with the id of its user: the page shows it to no other one. */
  async function request(path, options) {
    const { userIdentity } = login.getSnapshot();
    const response = await login.fetch(base + path, options);
    if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
    return { of: userIdentity?.userId, items: await response.json() };
  }
  const load = () => request('/api/cart', { signal: AbortSignal.timeout(10_000) });

  /** Resolves to `null` if the browser leaves. It comes back to this page with a user id, and `resume` adds the mug. */
  async function addMug() {
    const session = await login.signInAnonymously({ appState: 'add' });
    return session && (await request('/api/cart/mug', { method: 'PUT' }));
  }

  /** Handles what the browser has come back from. Only the first result has the `appState`, so the mug is added once. */
  async function resume() {
    const result = await login.getRedirectResult();
    return result?.status === 'signed-in' && result.appState === 'add' ? await addMug() : null;
  }

  onMounted(() => update(resume));
  // Again for another user, also one who signs in in another tab. A link keeps the user id, and with it the cart.
  watch(userId, (id) => id && update(load));
  const count = computed(() => (cart.value.of === userId.value ? (cart.value.items?.mug ?? 0) : 0));
  const signIn = () => shopper.value.signIn({ connectionId: 'con_acorn' });
  return { shopper, count, hasFailed, addMug, signIn, update };
}
