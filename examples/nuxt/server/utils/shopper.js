// Who a request is from, by its verified access token.

import { ShopperError, createShopperVerifier } from 'authress-login-wasm/server';

const { authressApiUrl, applicationId } = useRuntimeConfig().public;
// `login.fetch` sends a bearer token.
const { shopperOf } = createShopperVerifier({ authressApiUrl, applicationId, acceptCookie: false });

/** Calls a handler with the shopper of a request; a ShopperError becomes its response. */
export async function forShopper(event, handler) {
  try {
    return await handler(await shopperOf(event));
  } catch (error) {
    if (error instanceof ShopperError) return Response.json(error.body, error);
    throw error;
  }
}
