// The carts, in Redis: the instances of a function share no memory, and what is in the memory of one ends with it.

import { createClient } from 'redis';

/** How long a cart is kept after its last change, in seconds. */
const KEPT_FOR_S = 90 * 24 * 60 * 60;

const MOST_OF_A_PRODUCT = 99;

/** Redis runs a script without another command in between, so that no instance overwrites what another one has counted. */
const ADD = `
  local count = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
  redis.call('HSET', KEYS[1], ARGV[1], math.min(count + 1, tonumber(ARGV[2])))
  redis.call('EXPIRE', KEYS[1], ARGV[3])`;

const redis = createClient({ url: process.env.REDIS_URL });
redis.on('error', (error) => console.error(error.message));
await redis.connect();

const keyOf = (userId) => `cart:${userId}`;

export async function cartOf(userId) {
  const counts = await redis.hGetAll(keyOf(userId));
  return Object.fromEntries(Object.entries(counts).map(([product, count]) => [product, Number(count)]));
}

export async function addTo(userId, product) {
  await redis.eval(ADD, { keys: [keyOf(userId)], arguments: [product, `${MOST_OF_A_PRODUCT}`, `${KEPT_FOR_S}`] });
}
