import { ShopperError, createShopperVerifier } from 'authress-login-wasm/server';

import * as shop from './login.js';

/** @type {import('authress-login-wasm/server').ShopperVerifier | undefined} */
let verifier;

export default {
  async fetch(request, { AUTHRESS_API_URL: authressApiUrl }) {
    if (new URL(request.url).pathname === '/api/cart') {
      // A Worker gets its settings with its first request.
      verifier ??= createShopperVerifier({ authressApiUrl, applicationId: 'app_shop' });
      try {
        return Response.json(await verifier.shopperOf(request));
      } catch (error) {
        if (error instanceof ShopperError) return Response.json(error.body, error);
        throw error;
      }
    }
    if (new URL(request.url).pathname === '/cart') {
      const code = await shop.cartToken().then(
        () => 'a token',
        (error) => error.code,
      );
      return Response.json({ code });
    }
    return new Response('<!doctype html><button id="cart">Add to cart</button>', {
      headers: { 'content-type': 'text/html' },
    });
  },
};
