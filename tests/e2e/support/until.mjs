// Waiting for what a test can only look at, by the real clock whatever the page's clock shows.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { PATIENCE_MS } from './limits.mjs';

const PAUSE_MS = 50;

/** Looks again and again until `look` gives what is expected; fails with the difference otherwise. */
export async function until(look, expected, message) {
  const end = Date.now() + PATIENCE_MS;
  let seen = await look();
  while (JSON.stringify(seen) !== JSON.stringify(expected) && Date.now() < end) {
    await setTimeout(PAUSE_MS);
    seen = await look();
  }
  assert.deepEqual(seen, expected, message);
}
