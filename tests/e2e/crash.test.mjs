// A trap of the module: pending calls are rejected, and the next call works.
//
// The crash is real: the memory of the instance is overwritten, and the next thing it does traps.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { watch } from '../../pkg/src/crash-guard.js';
import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** Lets the page reach the memory of every instance it makes. */
function exposeMemory() {
  const instantiate = WebAssembly.instantiate;
  window.instances = [];
  WebAssembly.instantiate = async (...values) => {
    const made = await instantiate(...values);
    const memory = Object.values(made.exports).find((it) => it instanceof WebAssembly.Memory);
    if (memory) window.instances.push(memory); // A part of the module has none of its own.
    return made;
  };
  window.corrupt = () => new Uint8Array(window.instances.at(-1).buffer).fill(0xff);
}

const count = (page) => page.evaluate(() => window.instances.length);

/** The uncaught error of the trap itself, as error reporters see it. */
const TRAP =
  /^RuntimeError: (memory access out of bounds|table index is out of bounds|unreachable|indirect call|null function)/;

describe('a crash of the module', () => {
  const story = stories('localhost', { uncaught: TRAP });

  /** A shopper with a session, on a page whose module can be made to crash. */
  async function shopper({ shop, page, authress }) {
    await page.addInitScript(exposeMemory);
    const bare = new BarePage(shop);
    await bare.open();
    await bare.startAnonymous();
    const { value } = await bare.call('getToken');
    assert.equal(await count(page), 1);
    return { bare, token: value, userId: (await authress.verify(value)).sub };
  }

  story('during a call rejects the call, and the next one works', async (cast) => {
    const { bare, token, userId } = await shopper(cast);
    await cast.page.evaluate(() => window.corrupt());
    const { error } = await bare.call('getToken');
    assert.deepEqual([error?.code, error?.isLoginError], ['InternalError', true]);
    assert.equal((await bare.call('getToken')).value, token);
    assert.equal((await bare.call('getUserIdentity')).value.userId, userId);
    assert.equal(await count(cast.page), 2, 'another instance took over');
    await bare.visitProvider('linkIdentity', 'con_acorn', () => bare.pick('after a crash'));
    assert.equal((await bare.call('getLinkResult')).value.status, 'linked');
  });

  story('also ends what was added to the module, and it is added again', async (cast) => {
    const { bare, userId } = await shopper(cast);
    const profile = async () => (await bare.call('getUserProfile')).value?.userId;
    assert.equal(await profile(), userId);
    await cast.page.evaluate(() => window.corrupt());
    assert.equal((await bare.call('getUserProfile')).error?.code, 'InternalError');
    assert.equal(await profile(), userId);
    assert.equal(await count(cast.page), 2);
  });

  story('between calls rejects all that are waiting', async (cast) => {
    const { bare, token } = await shopper(cast);
    // A login that begins would leave the page before anything else can be seen.
    await cast.authress.fail('POST', '/api/authentication', { status: 503, times: 20 });
    const codes = await cast.page.evaluate(
      async ([connectionId]) => {
        const waiting = [
          window.login.linkIdentity({ connectionId }), // waits for Authress
          window.login.getUserProfile(),
          new window.LoginClient(await (await fetch('/config.json')).json()).getDevices(),
        ];
        const settled = Promise.all(
          waiting.map((it) =>
            it.then(
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
    for (let crashes = 1; crashes <= 3; crashes += 1) {
      await cast.page.evaluate(() => window.corrupt());
      assert.equal((await bare.call('userSessionExists')).error?.code, 'InternalError');
      assert.equal((await bare.call('getUserIdentity')).value, null, 'nothing is known until a call has loaded it');
      assert.equal((await bare.call('getToken')).value, token);
      assert.equal(await count(cast.page), crashes + 1);
    }
  });
});

describe('the guard of an instance', () => {
  /** An instance whose `outer` calls `inner` by way of the glue, which catches what `inner` throws. */
  function instance() {
    const traps = [];
    const watched = watch((cause) => traps.push(cause));
    const trap = new Error('trap');
    const glue = {
      callInner: () => {
        try {
          exports.inner();
        } catch {
          /* as the glue does */
        }
      },
      log: (text) => text,
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
      add: (left, right) => left + right,
    });
    return { exports, imports, traps, trap };
  }

  test('passes every call on until a trap', () => {
    const { exports, imports, traps } = instance();
    assert.deepEqual([exports.memory, exports.add(2, 3), imports.log('hello'), traps], [5, 5, 'hello', []]);
  });

  test('reports the first trap once, and no later call reaches the instance', () => {
    const { exports, traps, trap } = instance();
    assert.throws(() => exports.inner(), trap);
    assert.deepEqual([exports.add(2, 3), exports.inner(), traps], [[], [], [trap]]);
  });

  test('ends an outer call that would go on for ever after an inner one has trapped', () => {
    const { exports, traps, trap } = instance();
    assert.throws(() => exports.outer(), trap);
    assert.deepEqual(traps, [trap]);
  });
});
