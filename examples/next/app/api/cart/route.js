import { cartOf } from '../../../lib/carts.js';
import { forShopper } from '../../../lib/shopper.js';

// The user id comes from the verified token and from nowhere else: not from the path, the body or a cookie of the shop.
export const GET = (request) =>
  forShopper(request, ({ userId }) => Response.json(cartOf(userId), { headers: { 'cache-control': 'no-store' } }));
