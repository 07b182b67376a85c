import { useLoginClient, useShopper } from 'authress-login-wasm/react';
import { useReducer } from 'react';

import { addTo, countOf } from './cart.js';

const WHO = { checking: '…', anonymous: 'a shopper without an account', 'signed-in': 'signed in' };

export function Shop() {
  // Renders again when the session changes, also by another tab.
  const { status, userIdentity, signIn, signInAnonymously, signOut } = useShopper();
  const login = useLoginClient();
  const [, showCart] = useReducer((renderings) => renderings + 1, 0);

  async function add() {
    // The first time, the browser leaves for a moment and comes back to this page with a user id: see main.jsx.
    const session = await signInAnonymously({ appState: 'add' });
    if (!session) return;
    addTo(login.getSnapshot().userIdentity.userId);
    showCart();
  }

  return (
    <>
      <h1>Mugs</h1>
      <button id="add" type="button" onClick={add}>
        Add a mug to the cart
      </button>
      {/* The user id, and with it the cart, stays the same: the identity is linked to it. */}
      <button id="sign-in" type="button" onClick={() => signIn({ connectionId: 'con_acorn' })}>
        Sign in
      </button>
      <button id="sign-out" type="button" onClick={() => signOut()}>
        Sign out
      </button>
      <p>
        You are <output id="who">{WHO[status] ?? 'new here'}</output>. In your cart:{' '}
        <output id="count">{userIdentity ? countOf(userIdentity.userId) : 0}</output>
      </p>
    </>
  );
}
