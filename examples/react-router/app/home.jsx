import { useShopper } from 'authress-login-wasm/react';
import { useEffect } from 'react';
import { useFetcher, useNavigate, useRevalidator } from 'react-router';

import { login } from './login.js';

const WHO = { checking: '…', anonymous: 'a shopper without an account', 'signed-in': 'signed in' };
const ADD = { method: 'post', action: '/?index' };

// The server renders the page without a session, the same for every visitor. The browser loads the cart.
export const loader = () => ({});
export const clientLoader = async () => ((await login.userSessionExists()) ? await request('/api/cart') : {});
clientLoader.hydrate = true;

/** Returns `null` if the browser leaves: it comes back to this page with a user id, and the mug is added then. */
export async function clientAction() {
  const session = await login.signInAnonymously({ appState: 'add' });
  return session && (await request('/api/cart/mug', { method: 'PUT' }));
}

async function request(path, options) {
  const response = await login.fetch(path, options);
  if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
  return await response.json();
}

export default function Home({ loaderData: cart }) {
  // On the server, and until the page is hydrated, the status is `checking`.
  const { status, signIn, signOut } = useShopper();
  const { submit } = useFetcher();
  const navigate = useNavigate();
  const { revalidate } = useRevalidator();

  useEffect(() => {
    // What the browser has just come back from. Only the first result has the `appState`, so the mug is added once.
    void login.getRedirectResult().then((result) => {
      if (result?.status === 'signed-in' && result.appState === 'add') void submit(null, ADD);
      // The router has read the address before the client has removed the callback parameters from it.
      if (result) void navigate(window.location.pathname + window.location.search, { replace: true });
    });
    // Another user has another cart, also one who signs in in another tab. A link keeps the user id and the cart.
    return login.subscribe(({ type }) => {
      if (type === 'signed-in' || type === 'signed-out') void revalidate();
    });
  }, [submit, navigate, revalidate]);

  return (
    <main>
      <h1>Mugs</h1>
      <button id="add" type="button" onClick={() => submit(null, ADD)}>
        Add a mug to the cart
      </button>
      <button id="sign-in" type="button" onClick={() => signIn({ connectionId: 'con_acorn' })}>
        Sign in
      </button>
      <button id="sign-out" type="button" onClick={() => signOut()}>
        Sign out
      </button>
      <p>
        You are <output id="who">{WHO[status] ?? 'new here'}</output>. In your cart:{' '}
        <output id="count">{cart.mug ?? 0}</output>
      </p>
    </main>
  );
}

export const ErrorBoundary = () => <p role="alert">This did not work. Please load the page again.</p>;
