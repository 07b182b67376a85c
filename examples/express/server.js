// A shop on Express: its page, and a cart API that verifies who a request is from.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createShopperVerifier, ShopperError } from 'authress-login-wasm/server';
import express from 'express';

const {
  AUTHRESS_API_URL: authressApiUrl,
  AUTHRESS_APPLICATION_ID: applicationId,
  AUTHRESS_SERVICE_CLIENT: anonymousConnectionId,
  PORT = '3000',
} = process.env;
const PRODUCTS = ['mug', 'planter', 'teapot'];
const here = dirname(fileURLToPath(import.meta.url));
const dist = join(dirname(fileURLToPath(import.meta.resolve('authress-login-wasm/package.json'))), 'dist');

// Throws if a setting is missing: now, and not at the first request. `login.fetch` sends a bearer token.
const { shopperOf } = createShopperVerifier({ authressApiUrl, applicationId, acceptCookie: false });

/** The carts by user id. A shop has a database, and forgets carts that were not used for some months. */
const carts = new Map();
const cartOf = (userId) => carts.get(userId) ?? {};

const app = express();
app.disable('x-powered-by');
app.use(express.static(join(here, 'public')));
app.use('/authress-login-wasm', express.static(dist));
app.get('/settings.json', (_request, response) => {
  response.json({ authressApiUrl, applicationId, anonymousConnectionId });
});

// The user id comes from the verified token and from nowhere else: not from the path, the body or a cookie of the shop.
app.get('/api/cart', async (request, response) => {
  const { userId } = await shopperOf(request);
  response.set('cache-control', 'no-store').json(cartOf(userId));
});

app.put('/api/cart/:product', async (request, response) => {
  const { userId } = await shopperOf(request);
  const { product } = request.params;
  if (!PRODUCTS.includes(product)) return response.status(404).json({ errorCode: 'UnknownProduct' });
  const cart = cartOf(userId);
  carts.set(userId, { ...cart, [product]: Math.min((cart[product] ?? 0) + 1, 99) });
  return response.json(cartOf(userId));
});

// Express 5 calls it for a handler that rejects.
app.use((error, _request, response, next) => {
  if (!(error instanceof ShopperError)) return next(error);
  return response.status(error.status).set(error.headers).json(error.body);
});

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`ready http://localhost:${server.address().port}`),
);
