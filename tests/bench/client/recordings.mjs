// The same visits once more, with the browser's tracing on. Tracing costs time, so these are not timed.

import { record } from './recording.mjs';
import { withShopper } from './rounds.mjs';

/**
 * @import { Bench } from './bench.mjs'
 * @import { ClientName } from './pages.mjs'
 * @import { Values } from './rounds.mjs'
 * @import { Condition, Shopper } from './shopper.mjs'
 */

/**
 * @param {Bench} bench
 * @param {ClientName} client
 * @param {Condition} condition
 * @returns {Promise<Values>} the longest tasks of each part in milliseconds, and the memory of a first visit in bytes
 */
export async function recordings(bench, client, condition) {
  const { shopperConnectionId: connectionId } = bench.stack;
  /** @type {Values} */
  const values = {};
  /** @type {(name: string, shopper: Shopper, act: () => Promise<unknown>) => Promise<number>} */
  const recorded = async (name, shopper, act) => {
    const { script, task, peakHeap } = await record(bench.browser, async () => {
      await act();
      // Tracing records a task at its end, and the task with the outcome may still be running.
      await shopper.page.evaluate(
        () =>
          new Promise((resolve) => {
            setTimeout(resolve);
          }),
      );
    });
    values[name] = [script];
    values[`${name}Whole`] = [task];
    return peakHeap;
  };
  const storageState = await withShopper(bench, client, condition, undefined, async (shopper) => {
    await shopper.page.addInitScript(noteMemory);
    const peakHeap = await recorded('visitTask', shopper, () => shopper.open('visit'));
    const { usedSize } = await shopper.cdp.send('Runtime.getHeapUsage');
    values.peakHeap = [Math.max(peakHeap, usedSize)];
    // It never shrinks: what it is in the end is the most it was.
    values.wasmMemory = [await shopper.page.evaluate(() => window.moduleMemory?.buffer.byteLength ?? 0)];
    await shopper.newTab();
    await shopper.open('token');
    await shopper.newTab();
    await recorded('restoreWarmTask', shopper, () => shopper.open('token'));
    return shopper.storageState();
  });
  await withShopper(bench, client, condition, storageState, (shopper) =>
    recorded('restoreColdTask', shopper, () => shopper.open('token')),
  );
  await withShopper(bench, client, condition, undefined, async (shopper) => {
    await shopper.open('idle');
    await recorded('startTask', shopper, () => shopper.starts(1, { connectionId }));
    const redirectUrl = `${shopper.origin}/${client}/callback`;
    const search = await shopper.loginWithoutBrowser({ connectionId, redirectUrl });
    await recorded('callbackTask', shopper, () => shopper.open('callback', search));
  });
  return values;
}

/** Runs in the page: keeps the memory of the module that is made there. */
function noteMemory() {
  /** @type {{ instantiate: (...values: any[]) => Promise<any> }} */
  const webAssembly = WebAssembly;
  const { instantiate } = webAssembly;
  webAssembly.instantiate = async (...values) => {
    const made = await instantiate.apply(webAssembly, values);
    // A part of the module has no memory of its own.
    window.moduleMemory ??= Object.values((made.instance ?? made).exports).find(
      (it) => it instanceof WebAssembly.Memory,
    );
    return made;
  };
}
