'use client';

import { useShopper } from 'authress-login-wasm/react';
import { useEffect } from 'react';

import * as shop from './login.js';

export function Cart() {
  const { status, isAnonymous, signInAnonymously, signOut } = useShopper();
  useEffect(() => {
    window.shop = shop;
  }, []);
  return (
    <>
      <p id="shopper" data-status={status}>
        {status}
      </p>
      <button type="button" id="cart" onClick={() => shop.cartToken()}>
        Add to cart
      </button>
      <button type="button" id="guest" onClick={() => signInAnonymously()}>
        Continue as a guest
      </button>
      {isAnonymous && (
        <button type="button" id="leave" onClick={() => signOut()}>
          Sign out
        </button>
      )}
    </>
  );
}
