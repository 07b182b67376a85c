// Who a request is from. SvelteKit refuses to put a file of a folder `server` into a page.

import { AUTHRESS_API_URL, AUTHRESS_APPLICATION_ID } from '$app/env/public';
import { createShopperVerifier, ShopperError } from 'authress-login-wasm/server';

const { shopperOf } = createShopperVerifier({
  authressApiUrl: AUTHRESS_API_URL,
  applicationId: AUTHRESS_APPLICATION_ID,
  acceptCookie: false, // `login.fetch` sends a bearer token.
});

/** Calls a handler with the shopper of a request; a ShopperError becomes its response. */
export async function forShopper(request, handler) {
  try {
    return await handler(await shopperOf(request));
  } catch (error) {
    if (error instanceof ShopperError) return Response.json(error.body, error);
    throw error;
  }
}
