// Values of another realm, as in test environments (Jest, Vitest with jsdom or happy-dom) and frames.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { compile } from '../../pkg/src/compile.js';
import { documentProperty } from '../../pkg/src/document.js';
import { checkedLimits, checkedSettings } from '../../pkg/src/settings.js';

describe('values of another realm', () => {
  test('are settings, options and signals', () => {
    const settings = runInNewContext(
      "({ authressApiUrl: 'login.shop.test', applicationId: 'app_a', tokenOrigins: ['https://api.shop.test'] })",
    );
    assert.deepEqual(checkedSettings(settings), [
      'https://login.shop.test',
      'app_a',
      'https://api.shop.test',
      false,
      false,
      'idle',
      undefined,
      undefined,
    ]);
    assert.equal(
      checkedLimits(runInNewContext('({ timeoutInMillis: 5, signal: { addEventListener() {} } })')).timeoutInMillis,
      5,
    );
  });

  test('are bytes and modules', async () => {
    const module = runInNewContext('new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))', {
      WebAssembly,
      Uint8Array,
    });
    const own = runInNewContext('new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))');
    assert.equal(await compile(module), module);
    assert.equal(await compile(own), own);
    for (const bytes of ['new ArrayBuffer(8)', 'new Uint8Array(8)']) {
      await assert.rejects(compile(runInNewContext(bytes)), /initWasm\(\) got bytes/);
    }
  });

  test('are a document whose element hides a property', (t) => {
    /** @param {string} own */
    const documentOf = (own) => runInNewContext(`Object.create({ get cookie() { return 'a=1'; } }, ${own})`);
    t.after(() => {
      Reflect.deleteProperty(globalThis, 'document');
    });
    globalThis.document = documentOf('{}');
    assert.equal(documentProperty('cookie'), 'a=1');
    globalThis.document = documentOf('{ cookie: { value: { name: "cookie" } } }');
    assert.equal(documentProperty('cookie'), 'a=1');
    // A property that the page itself has defined, for example its consent manager, is used.
    globalThis.document = documentOf('{ cookie: { get: () => "b=2" } }');
    assert.equal(documentProperty('cookie'), 'b=2');
    assert.equal(documentProperty('prerendering'), undefined);
  });
});
