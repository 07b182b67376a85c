// node --expose-gc collected.mjs: fails if the instance of a stopped sandbox stays in memory. It is a program of its own,
// because only the option gives programs the garbage collector.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { startSandbox } from '../index.js';
import { Shopper } from './shopper.mjs';

const { Instance } = WebAssembly;
/** @type {WeakRef<WebAssembly.Instance>[]} */
const instances = [];
WebAssembly.Instance = class extends Instance {
  /** @param {ConstructorParameters<typeof Instance>} values */
  constructor(...values) {
    super(...values);
    instances.push(new WeakRef(this));
  }
};

/** @param {boolean} traps */
async function use(traps) {
  const sandbox = await startSandbox();
  const shopper = new Shopper(sandbox, 'http://localhost:5173/');
  await shopper.navigate((await shopper.begin()).body.authenticationUrl);
  if (traps) {
    const memory = /** @type {WebAssembly.Memory} */ (instances.at(-1)?.deref()?.exports.memory);
    new Uint8Array(memory.buffer).fill(1);
    const response = await fetch(`${sandbox.url}/settings`);
    assert.equal(response.status, 500);
    await response.arrayBuffer();
  }
  await sandbox.stop();
}

await use(false);
await use(true);
for (let rounds = 0; instances.some((instance) => instance.deref()) && rounds < 100; rounds += 1) {
  // A reference that was read keeps its value until the end of the task.
  await setTimeout(50);
  globalThis.gc?.();
}
assert.deepEqual(
  instances.map((instance) => instance.deref()),
  [undefined, undefined],
);
