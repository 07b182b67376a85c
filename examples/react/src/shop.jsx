import { useShopper } from 'authress-login-wasm/react';
import { useState } from 'react';

import { addTo, countOf } from './cart.js';

const WHO = { checking: '…', anonymous: 'a shopper without an account', 'signed-in': 'signed in' };

export function Shop({ hasFailedBefore }) {
  // Renders again when the session changes, also by another tab.
  const { status, userIdentity, signIn, signInAnonymously, signOut } = useShopper();
  // Each new object renders the cart again, which React does not know.
  const [{ hasFailed }, setOutcome] = useState({ hasFailed: hasFailedBefore });

  /** Calls a function and shows whether it has failed, as without a network. */
  async function attempt(call) {
    try {
      await call();
      setOutcome({ hasFailed: false });
    } catch (error) {
      console.error(error);
      setOutcome({ hasFailed: true });
    }
  }

  async function addMug() {
    // The first time, the browser leaves for a moment and comes back to this page with a user id: see main.jsx.
    const session = await signInAnonymously({ appState: 'add' });
    if (session) addTo(session.userIdentity.userId);
  }

  return (
    <>
      <h1>Mugs</h1>
      <button id="add" type="button" onClick={() => attempt(addMug)}>
        Add a mug to the cart
      </button>
      {/* The user id, and with it the cart, stays the same: the identity is linked to it. */}
      <button id="sign-in" type="button" onClick={() => attempt(() => signIn({ connectionId: 'con_acorn' }))}>
        Sign in
      </button>
      <button id="sign-out" type="button" onClick={() => attempt(signOut)}>
        Sign out
      </button>
      <p>
        You are <output id="who">{WHO[status] ?? 'new here'}</output>. In your cart:{' '}
        <output id="count">{userIdentity ? countOf(userIdentity.userId) : 0}</output>
      </p>
      {hasFailed && <p role="alert">This did not work. Please try again.</p>}
    </>
  );
}
