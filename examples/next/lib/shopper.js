// Who a request is from, by its verified access token.

import { ShopperError, createShopperVerifier } from 'authress-login-wasm/server';

const { shopperOf } = createShopperVerifier({
  authressApiUrl: process.env.AUTHRESS_API_URL,
  applicationId: process.env.AUTHRESS_APPLICATION_ID,
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
