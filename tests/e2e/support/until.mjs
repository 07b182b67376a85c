// Polls a value that a test cannot wait for otherwise, by the real clock whatever the page's clock shows.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { PATIENCE_MS } from './limits.mjs';

const PAUSE_MS = 50;

/**
 * Reads a value again and again until it is the expected one; fails with the difference otherwise.
 * @template Value
 * @param {() => Value | Promise<Value>} read
 * @param {Value} expected
 * @param {string} [message]
 */
export async function until(read, expected, message) {
  const end = Date.now() + PATIENCE_MS;
  let actual = await read();
  while (JSON.stringify(actual) !== JSON.stringify(expected) && Date.now() < end) {
    await setTimeout(PAUSE_MS);
    actual = await read();
  }
  assert.deepEqual(actual, expected, message);
}
