import { addToCart, PRODUCTS } from '#lib/server/carts.js';
import { forShopper } from '#lib/server/shopper.js';

export const PUT = ({ request, params }) =>
  forShopper(request, ({ userId }) => {
    if (!PRODUCTS.includes(params.product)) return Response.json({ errorCode: 'UnknownProduct' }, { status: 404 });
    return Response.json(addToCart(userId, params.product));
  });
