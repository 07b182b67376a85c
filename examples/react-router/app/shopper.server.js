import { ShopperError, createShopperVerifier } from 'authress-login-wasm/server';

const { shopperOf } = createShopperVerifier({
  authressApiUrl: import.meta.env.VITE_AUTHRESS_API_URL,
  applicationId: import.meta.env.VITE_AUTHRESS_APPLICATION_ID,
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
