// The contract between the module and the classes in JavaScript: what src/browser/host.rs imports, pkg/src/host.js has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { LoginError } from '../../pkg/src/errors.js';
import { makeHost } from '../../pkg/src/host.js';

/** The methods of the extern block: `{name, parameters}`, by their names in JavaScript. */
function importedMethods() {
  const rust = readFileSync(new URL('../../src/browser/host.rs', import.meta.url), 'utf8');
  const methods = rust.matchAll(/#\[wasm_bindgen\(([^)]*)\)\]\s*pub\(super\) fn (\w+)\(\s*this: &Host,?([^)]*)\)/g);
  return [...methods].map(([, attributes, rustName, parameters]) => ({
    name: /js_name = (\w+)/.exec(attributes)?.[1] ?? rustName,
    parameters: parameters.split(',').filter((parameter) => parameter.trim()).length,
  }));
}

/** @type {(host: any, name: string) => Function} */
const methodOf = (host, name) => host[name];

describe('the host', () => {
  test('has every method that the module imports, with its parameters, and no other', () => {
    const methods = importedMethods();
    assert.ok(methods.length > 0);
    const host = makeHost([], () => new Error('unused'));
    assert.deepEqual(Object.keys(host).sort(), methods.map(({ name }) => name).sort());
    for (const { name, parameters } of methods) {
      assert.ok(methodOf(host, name).length <= parameters, `${name} takes more than the module gives`);
    }
  });

  test('logs a title and the codes of an error, never its message or cause', () => {
    /** @type {object[]} */
    const entries = [];
    const host = makeHost(
      [{ log: (entry) => entries.push(entry) }, {}],
      (/** @type {any} */ error) => new LoginError(error.code, error),
    );
    host.log('log', 'begins', undefined);
    host.log('log', 'failed', {
      code: 'RequestRefused',
      status: 400,
      serverCode: 'x',
      detail: 'y',
      cause: new Error('z'),
    });
    host.log('warn', 'a level that this logger does not have', undefined);
    assert.deepEqual(entries, [
      { title: 'begins' },
      { title: 'failed', code: 'RequestRefused', status: 400, serverCode: 'x' },
    ]);
  });
});
