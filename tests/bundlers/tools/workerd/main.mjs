// A worker, bundled with the conditions that Cloudflare's own tool sets, in Cloudflare's own runtime.
import assert from 'node:assert/strict';

import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

import { startIssuer } from './issuer.mjs';

const {
  outputFiles: [{ text: script }],
} = await build({
  entryPoints: ['worker.js'],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  conditions: ['workerd', 'worker', 'browser'],
  logLevel: 'warning',
});
// Half of it is jose.
assert.ok(script.length < 80_000, `a server needs no WebAssembly, but the worker has ${script.length} characters`);
const issuer = await startIssuer();
const worker = new Miniflare({
  modules: true,
  script,
  compatibilityDate: '2026-01-01',
  host: '127.0.0.1',
  port: 0,
  bindings: { AUTHRESS_API_URL: issuer.origin },
});
try {
  for (let visit = 0; visit < 3; visit++) {
    const response = await worker.dispatchFetch('http://shop.test/');
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Add to cart/);
  }
  const { code } = await (await worker.dispatchFetch('http://shop.test/cart')).json();
  assert.ok(code && code !== 'a token' && code !== 'InternalError', `a login needs a browser: ${code}`);
  /** @param {string} token */
  const cart = async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await worker.dispatchFetch('http://shop.test/api/cart', { headers });
    return { status: response.status, body: await response.json() };
  };
  for (const alg of ['EdDSA', 'RS512']) {
    const carts = await Promise.all([1, 2, 3].map(async () => cart(await issuer.token(alg))));
    for (const { status, body } of carts)
      assert.deepEqual([status, body.userId], [200, 'user_a'], JSON.stringify(body));
    const changed = (await issuer.token(alg)).replace(/.{9}$/, 'AAAAAAAAA');
    assert.equal((await cart(changed)).body.errorCode, 'TokenInvalidSignature');
  }
  assert.equal(issuer.requests, 1, 'the keys are cached');
  console.log(
    `result: renders; \`cartToken()\` rejects with \`${code}\`; verifies tokens; worker of ${script.length.toLocaleString('en')} bytes`,
  );
} finally {
  await worker.dispose();
  issuer.stop();
}
