// The function: a cart API behind an HTTP API of API Gateway (payload format 2.0).

import { createShopperVerifier, ShopperError } from 'authress-login-wasm/server';

import { addTo, cartOf } from './carts.js';

const PRODUCTS = ['mug', 'planter', 'teapot'];

// Once for each instance of the function: it keeps the keys of Authress.
const { shopperOf } = createShopperVerifier({
  authressApiUrl: process.env.AUTHRESS_API_URL,
  applicationId: process.env.AUTHRESS_APPLICATION_ID,
  // `login.fetch` sends a bearer token.
  acceptCookie: false,
});

const respond = (statusCode, body, headers) => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(body),
});

export async function handler(event) {
  try {
    // The user id comes from the verified token and from nowhere else: not from the path, the body or a cookie of the shop.
    const { userId } = await shopperOf(event);
    switch (event.routeKey) {
      case 'GET /api/cart':
        return respond(200, await cartOf(userId));
      case 'PUT /api/cart/{product}': {
        const { product } = event.pathParameters;
        if (!PRODUCTS.includes(product)) return respond(404, { errorCode: 'UnknownProduct' });
        await addTo(userId, product);
        return respond(200, await cartOf(userId));
      }
      default:
        return respond(404, { errorCode: 'NotFound' });
    }
  } catch (error) {
    if (error instanceof ShopperError) return respond(error.status, error.body, error.headers);
    throw error;
  }
}
