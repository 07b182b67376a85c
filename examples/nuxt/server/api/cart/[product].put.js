export default defineEventHandler((event) =>
  forShopper(event, ({ userId }) => {
    const product = getRouterParam(event, 'product');
    if (!PRODUCTS.includes(product)) throw createError({ statusCode: 404, data: { errorCode: 'UnknownProduct' } });
    return addToCart(userId, product);
  }),
);
