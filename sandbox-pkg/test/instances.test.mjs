// Each sandbox has a WebAssembly instance of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSandbox } from '../index.js';
import { Shopper } from './shopper.mjs';

const PAGE = 'http://localhost:5173/cart';
const { Instance } = WebAssembly;

/** The instances that were made, in order. */
/** @type {WebAssembly.Instance[]} */
let instances = [];
/** @type {import('../index.js').Sandbox[]} */
let sandboxes = [];

beforeEach(async () => {
  instances = [];
  WebAssembly.Instance = class extends Instance {
    /** @param {ConstructorParameters<typeof Instance>} values */
    constructor(...values) {
      super(...values);
      instances.push(this);
    }
  };
  sandboxes = [await startSandbox(), await startSandbox()];
});
afterEach(async () => {
  WebAssembly.Instance = Instance;
  await Promise.all(sandboxes.map((sandbox) => sandbox.stop()));
});

/**
 * Writes over an instance's memory: its next call follows pointers to beyond the end and traps.
 * @param {WebAssembly.Instance} instance
 */
const damage = ({ exports }) => new Uint8Array(/** @type {WebAssembly.Memory} */ (exports.memory).buffer).fill(1);

/** @param {import('../index.js').Sandbox} sandbox */
async function login(sandbox) {
  const shopper = new Shopper(sandbox, PAGE);
  const addresses = await shopper.navigate((await shopper.begin()).body.authenticationUrl);
  return new URL(addresses.at(-1) ?? '').searchParams.get('access_token');
}

test('a login of one sandbox is unknown to another', async () => {
  const [one, other] = sandboxes;
  assert.equal(instances.length, 2);
  const { body } = await new Shopper(one, PAGE).begin();
  const state = new URLSearchParams({ state: body.authenticationRequestId });
  assert.equal((await fetch(`${one.url}/login?${state}`, { redirect: 'manual' })).status, 302);
  const page = await fetch(`${other.url}/login?${state}`);
  assert.match(await page.text(), /InvalidAuthenticationRequest/);
});

test('after a trap a sandbox says so, and others go on', async () => {
  const [one, other] = sandboxes;
  assert.ok(await login(one));
  damage(instances[0]);
  for (const path of ['/settings', '/api/session', '/settings']) {
    const response = await fetch(one.url + path, { headers: { origin: 'http://localhost:5173' } });
    assert.equal(response.status, 500);
    // Pages can read it: to the login client it is otherwise a network failure.
    assert.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:5173');
    const { errorCode, title } = /** @type {{ errorCode: string, title: string }} */ (await response.json());
    assert.equal(errorCode, 'SandboxTrapped');
    assert.match(title, /start a new one/);
  }
  for (const call of [() => one.advanceClock(1), () => one.setDialect('strict')])
    assert.throws(call, { name: 'SandboxTrapped', code: 'SandboxTrapped' });
  assert.ok(await login(other));
  const next = await startSandbox();
  sandboxes.push(next);
  assert.ok(await login(next));
});

test('a trap at the start is an error of startSandbox', async () => {
  WebAssembly.Instance = class extends Instance {
    /** @param {ConstructorParameters<typeof Instance>} values */
    constructor(...values) {
      super(...values);
      damage(this);
    }
  };
  await assert.rejects(startSandbox(), { code: 'SandboxTrapped' });
});

test('a stopped sandbox leaves no instance behind, also after a trap', () => {
  execFileSync(process.execPath, ['--expose-gc', fileURLToPath(new URL('collected.mjs', import.meta.url))]);
});

test('what is no trap does not end a sandbox', async () => {
  const [sandbox] = sandboxes;
  assert.throws(() => sandbox.setDialect(/** @type {any} */ ('lax')), /lax/);
  assert.throws(() => sandbox.advanceClock(2 ** 32 - 1), /ten years/);
  assert.ok(await login(sandbox));
});
