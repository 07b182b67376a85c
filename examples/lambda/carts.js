// The carts, in Redis: the instances of a function share no memory, and what is in the memory of one ends with it.

import { createClient } from 'redis';

/** How long a cart is kept after its last change, in seconds. */
const KEPT_FOR_S = 90 * 24 * 60 * 60;

const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error(error.message));
await redis.connect();

const keyOf = (userId) => `cart:${userId}`;

export async function cartOf(userId) {
  const counts = await redis.hGetAll(keyOf(userId));
  return Object.fromEntries(Object.entries(counts).map(([product, count]) => [product, Number(count)]));
}

/** Increments in Redis, so that no instance overwrites what another one has counted. */
export async function addTo(userId, product) {
  await redis.multi().hIncrBy(keyOf(userId), product, 1).expire(keyOf(userId), KEPT_FOR_S).exec();
}
