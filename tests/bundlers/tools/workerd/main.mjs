// A worker, bundled with the conditions that Cloudflare's own tool sets, in Cloudflare's own runtime.
import assert from 'node:assert/strict';

import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

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
assert.ok(script.length < 50_000, `a server needs no WebAssembly, but the worker has ${script.length} characters`);
const worker = new Miniflare({ modules: true, script, compatibilityDate: '2026-01-01', host: '127.0.0.1', port: 0 });
try {
  for (let visit = 0; visit < 3; visit++) {
    const response = await worker.dispatchFetch('http://shop.test/');
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Add to cart/);
  }
  const { code } = await (await worker.dispatchFetch('http://shop.test/cart')).json();
  assert.ok(code && code !== 'a token' && code !== 'InternalError', `a login needs a browser: ${code}`);
  console.log(
    `result: renders; \`cartToken()\` rejects with \`${code}\`; worker of ${script.length.toLocaleString('en')} bytes`,
  );
} finally {
  await worker.dispose();
}
