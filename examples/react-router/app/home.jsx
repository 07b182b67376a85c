import { useShopper } from 'authress-login-wasm/react';
import { useEffect, useState } from 'react';
import { useFetcher, useNavigate, useRevalidator } from 'react-router';
import { login } from './login.js';

const WHO = { checking: '…', anonymous: 'a shopper without an account', 'signed-in': 'signed in' };
const ADD = { method: 'post', action: '/?index' };

let newest = {};
/** Requests the cart if there is a session then. The page shows it to the user with this id only. */
async function cartAfter(getSession, path, options) {
  try {
    if (!(await getSession())) return {};
    const { userIdentity } = login.getSnapshot();
    const response = await login.fetch(path, options);
    if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
    newest = { of: userIdentity?.userId, items: await response.json() };
    return newest;
  } catch (error) {
    console.error(error);
    return { ...newest, hasFailed: true };
  }
}

// The server renders the page without a session, the same for every visitor. The browser loads the cart.
export const loader = () => ({});
export const clientLoader = () => cartAfter(() => login.userSessionExists(), '/api/cart');
clientLoader.hydrate = true;
// If the browser leaves, there is no session yet: it comes back to this page with a user id, and the mug is added then.
export const clientAction = () =>
  cartAfter(() => login.signInAnonymously({ appState: 'add' }), '/api/cart/mug', { method: 'PUT' });

export default function Home({ loaderData: cart }) {
  // On the server, and until the page is hydrated, the status is `checking`.
  const { status, userIdentity, signIn, signOut } = useShopper();
  const { submit, data: added } = useFetcher();
  const navigate = useNavigate();
  const { revalidate } = useRevalidator();
  const [failure, setFailure] = useState(null);
  const attempt = (pressed) => void pressed.then(() => setFailure(null), setFailure);
  useEffect(() => {
    // What the browser has just come back from. Only the first result has the `appState`, so the mug is added once.
    const resumed = login.getRedirectResult().catch(() => ({ status: 'failed', appState: null }));
    void resumed.then((result) => {
      if (result?.status === 'signed-in' && result.appState === 'add') void submit(null, ADD);
      // The router has read the address before the client has removed the callback parameters from it.
      if (result) void navigate({ search: window.location.search, hash: window.location.hash }, { replace: true });
    });
    // Another user has another cart, also one who signs in in another tab. A link keeps the user id and the cart.
    return login.subscribe(({ type }) => {
      if (type === 'signed-in' || type === 'signed-out') void revalidate();
    });
  }, [submit, navigate, revalidate]);

  return (
    <main>
      <h1>Mugs</h1>
      <button id="add" type="button" onClick={() => attempt(submit(null, ADD))}>
        Add a mug to the cart
      </button>
      <button id="sign-in" type="button" onClick={() => attempt(signIn({ connectionId: 'con_acorn' }))}>
        Sign in
      </button>
      <button id="sign-out" type="button" onClick={() => attempt(signOut())}>
        Sign out
      </button>
      <p>
        You are <output id="who">{WHO[status] ?? 'new here'}</output>. In your cart:{' '}
        <output id="count">{cart.of === userIdentity?.userId ? (cart.items?.mug ?? 0) : 0}</output>
      </p>
      {(cart.hasFailed || added?.hasFailed || failure) && <p role="alert">This did not work. Please try again.</p>}
    </main>
  );
}
