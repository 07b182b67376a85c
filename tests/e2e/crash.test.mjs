// Traps of the module: pending calls are rejected, and the next call gets another instance.
//
// The trap is real: the memory of the instance is overwritten, and its next call traps.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { watch } from '../../pkg/src/crash-guard.js';
import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** @import { Cast } from './support/story.mjs' */

/** Runs in the page: gives it access to the memory of every instance that it creates. */
function exposeMemory() {
  const instantiate = WebAssembly.instantiate;
  window.instances = [];
  const exposing = async (/** @type {WebAssembly.Module} */ module, /** @type {WebAssembly.Imports} */ imports) => {
    const instance = await instantiate(module, imports);
    const memory = Object.values(instance.exports).find((it) => it instanceof WebAssembly.Memory);
    if (memory) window.instances.push(memory); // A part of the module has none of its own.
    return instance;
  };
  Object.assign(WebAssembly, { instantiate: exposing });
  window.corrupt = () => new Uint8Array(window.instances.at(-1).buffer).fill(0xff);
}

/** @param {import('playwright-core').Page} page */
const countInstances = (page) => page.evaluate(() => window.instances.length);

/** The uncaught error of the trap itself, which the page's error reporting gets. */
const TRAP =
  /^RuntimeError: (memory access out of bounds|table index is out of bounds|unreachable|indirect call|null function)/;

describe('a trap of the module', () => {
  // In the headless shell a trap of WebAssembly ends the page's process.
  const story = stories('localhost', { uncaught: TRAP, wholeBrowser: true });

  /**
   * A shopper with a session, on a page whose module can be made to trap.
   * @param {Cast} cast
   */
  async function shopper({ shop, page, authress }) {
    await page.addInitScript(exposeMemory);
    const bare = new BarePage(shop);
    await bare.open();
    await bare.startAnonymous();
    const { value } = await bare.call('getToken');
    assert.equal(await countInstances(page), 1);
    return { bare, token: value, userId: (await authress.verify(value)).sub };
  }

  story('during a call rejects the call, and the next one works', async (cast) => {
    const { bare, token, userId } = await shopper(cast);
    await cast.page.evaluate(() => window.corrupt());
    const { error } = await bare.call('getToken');
    assert.deepEqual([error?.code, error?.isLoginError], ['InternalError', true]);
    assert.equal((await bare.call('getToken')).value, token);
    assert.equal((await bare.call('getUserIdentity')).value.userId, userId);
    assert.equal(await countInstances(cast.page), 2, 'there is another instance');
    await bare.visitProvider('linkIdentity', 'con_acorn', () => bare.pick('after a trap'));
    assert.equal((await bare.call('getLinkResult')).value.status, 'linked');
  });

  story('also ends the added part of the module, which is added again', async (cast) => {
    const { bare, userId } = await shopper(cast);
    const profile = async () => (await bare.call('getUserProfile')).value?.userId;
    assert.equal(await profile(), userId);
    await cast.page.evaluate(() => window.corrupt());
    assert.equal((await bare.call('getUserProfile')).error?.code, 'InternalError');
    assert.equal(await profile(), userId);
    assert.equal(await countInstances(cast.page), 2);
  });

  story('between calls rejects all pending calls', async (cast) => {
    const { bare, token } = await shopper(cast);
    // A login that succeeds would leave the page before the outcome can be read.
    await cast.authress.fail('POST', '/api/authentication', { status: 503, times: 20 });
    const codes = await cast.page.evaluate(
      async ([connectionId]) => {
        const calls = [
          window.login.linkIdentity({ connectionId }), // waits for Authress
          window.login.getUserProfile(),
          new window.LoginClient(await (await fetch('/config.json')).json()).getDevices(),
        ];
        const settled = Promise.all(
          calls.map((call) =>
            /** @type {Promise<unknown>} */ (call).then(
              () => 'resolved',
              (error) => error.code,
            ),
          ),
        );
        await new Promise((resolve) => setTimeout(resolve));
        window.corrupt();
        return settled;
      },
      ['con_acorn'],
    );
    assert.ok(codes.includes('InternalError'), codes.join());
    assert.equal((await bare.call('getToken')).value, token);
  });

  story('can happen again and again', async (cast) => {
    const { bare, token } = await shopper(cast);
    for (let traps = 1; traps <= 3; traps += 1) {
      await cast.page.evaluate(() => window.corrupt());
      assert.equal((await bare.call('userSessionExists')).error?.code, 'InternalError');
      assert.equal(
        (await bare.call('getUserIdentity')).value,
        null,
        'the identity is unknown until a call has created an instance',
      );
      assert.equal((await bare.call('getToken')).value, token);
      assert.equal(await countInstances(cast.page), traps + 1);
    }
  });
});

describe('the guard of an instance', () => {
  /** An instance whose `outer` calls `inner` through the glue, which catches what `inner` throws. */
  function instance() {
    /** @type {unknown[]} */
    const traps = [];
    const watched = watch((/** @type {unknown} */ cause) => traps.push(cause));
    const trap = new Error('trap');
    const glue = {
      callInner: () => {
        try {
          exports.inner();
        } catch {
          // As the glue of wasm-bindgen does.
        }
      },
      log: (/** @type {string} */ text) => text,
    };
    const imports = watched.imports(glue);
    const exports = watched.exports({
      memory: 5,
      inner: () => {
        throw trap;
      },
      outer: () => {
        imports.callInner();
        while (true) imports.log('still here');
      },
      add: (/** @type {number} */ left, /** @type {number} */ right) => left + right,
    });
    return { exports, imports, traps, trap };
  }

  test('passes every call on before a trap', () => {
    const { exports, imports, traps } = instance();
    assert.deepEqual([exports.memory, exports.add(2, 3), imports.log('hello'), traps], [5, 5, 'hello', []]);
  });

  test('reports the first trap once, and calls the instance no more', () => {
    const { exports, traps, trap } = instance();
    assert.throws(() => exports.inner(), trap);
    assert.deepEqual([exports.add(2, 3), exports.inner(), traps], [[], [], [trap]]);
  });

  test('ends an outer call that would never end after an inner one has trapped', () => {
    const { exports, traps, trap } = instance();
    assert.throws(() => exports.outer(), trap);
    assert.deepEqual(traps, [trap]);
  });
});
