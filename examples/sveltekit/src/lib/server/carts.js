// The carts by user id. A shop has a database, and forgets carts that were not used for some months.
const carts = new Map();

export const PRODUCTS = ['mug', 'planter', 'teapot'];
export const cartOf = (userId) => carts.get(userId) ?? {};

export function addToCart(userId, product) {
  const cart = cartOf(userId);
  carts.set(userId, { ...cart, [product]: Math.min((cart[product] ?? 0) + 1, 99) });
  return cartOf(userId);
}
