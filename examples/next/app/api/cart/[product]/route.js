import { PRODUCTS, addToCart } from '../../../../lib/carts.js';
import { forShopper } from '../../../../lib/shopper.js';

export const PUT = (request, { params }) =>
  forShopper(request, async ({ userId }) => {
    const { product } = await params;
    if (!PRODUCTS.includes(product)) return Response.json({ errorCode: 'UnknownProduct' }, { status: 404 });
    return Response.json(addToCart(userId, product));
  });
