import { forShopper } from './shopper.server.js';
const PRODUCTS = ['mug', 'planter', 'teapot'];
/** The carts by user id. A shop has a database, and forgets carts that were not used for some months. */
const carts = new Map();
const cartOf = (userId) => carts.get(userId) ?? {};

// The user id comes from the verified token and from nowhere else: not from the path, the body or a cookie of the shop.
export const loader = ({ request }) =>
  forShopper(request, ({ userId }) => Response.json(cartOf(userId), { headers: { 'cache-control': 'no-store' } }));

export const action = ({ request, params: { product } }) =>
  forShopper(request, ({ userId }) => {
    if (request.method !== 'PUT') return new Response(null, { status: 405, headers: { allow: 'PUT' } });
    if (!PRODUCTS.includes(product)) return Response.json({ errorCode: 'UnknownProduct' }, { status: 404 });
    const cart = cartOf(userId);
    carts.set(userId, { ...cart, [product]: Math.min((cart[product] ?? 0) + 1, 99) });
    return Response.json(cartOf(userId));
  });
