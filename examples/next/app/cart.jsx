'use client';

import { useLoginClient, useShopper } from 'authress-login-wasm/react';
import { startTransition, useActionState, useEffect } from 'react';
import { addMug, loadCart, resume } from './cart-requests.js';

const WHO = { checking: '…', anonymous: 'a shopper without an account', 'signed-in': 'signed in' };

export function Cart() {
  const login = useLoginClient();
  // On the server, and until the page is hydrated, the status is `checking`.
  const { status, userIdentity, signIn, signOut } = useShopper();
  const userId = userIdentity?.userId;
  // React runs the requests one after the other, so an older response never replaces a newer one.
  const [{ cart, hasFailed }, update] = useActionState(
    async (before, request) => {
      const newest = await request(login).then((result) => result ?? null, console.error);
      // Loading the cart does not hide the notice of a failed press.
      const hasFailed = newest === undefined || (before.hasFailed && [loadCart, resume].includes(request));
      return { cart: newest?.items ? newest : before.cart, hasFailed };
    },
    { cart: {} },
  );
  const press = (call) => startTransition(() => update(call));
  useEffect(() => startTransition(() => update(resume)), [update]);
  // Again for another user, also one who signs in in another tab. A link keeps the user id, and with it the cart.
  useEffect(() => {
    if (userId) startTransition(() => update(loadCart));
  }, [userId, update]);

  return (
    <>
      <button id="add" type="button" onClick={() => press(addMug)}>
        Add a mug to the cart
      </button>
      <button id="sign-in" type="button" onClick={() => press(() => signIn({ connectionId: 'con_acorn' }))}>
        Sign in
      </button>
      <button id="sign-out" type="button" onClick={() => press(() => signOut())}>
        Sign out
      </button>
      <p>
        You are <output id="who">{WHO[status] ?? 'new here'}</output>. In your cart:{' '}
        <output id="count">{cart.of === userId ? (cart.items?.mug ?? 0) : 0}</output>
      </p>
      {hasFailed && <p role="alert">This did not work. Please try again.</p>}
    </>
  );
}
