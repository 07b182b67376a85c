import { LoginClientProvider, useShopper } from 'authress-login-wasm/react';
import { useEffect } from 'react';

import * as shop from './login.js';
import { settings } from './settings.js';

function Shopper() {
  const { status, isAnonymous, signInAnonymously, signOut } = useShopper();
  return (
    <>
      <p id="shopper" data-status={status}>
        {status}
      </p>
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

export function Cart() {
  useEffect(() => {
    window.shop = shop;
  }, []);
  return (
    <LoginClientProvider settings={settings}>
      <Shopper />
      <button type="button" id="cart" onClick={() => shop.cartToken()}>
        Add to cart
      </button>
    </LoginClientProvider>
  );
}
