// The user id comes from the verified token and from nowhere else: not from the path, the body or a cookie of the shop.
export default defineEventHandler((event) =>
  forShopper(event, ({ userId }) => Response.json(cartOf(userId), { headers: { 'cache-control': 'no-store' } })),
);
