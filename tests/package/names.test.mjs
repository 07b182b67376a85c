// The names that script, types and module share, where no compiler compares them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

/** @param {string} path */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** @type {(text: string, pattern: RegExp) => string[]} */
const names = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();

const script = read('pkg/src/client.js');
const classes = script.slice(script.indexOf('export class LoginClient'));
const [loginClass, extensionClass] = classes.split('export class ExtensionClient');

/**
 * The arms of the module's `call` methods.
 * @param {string} path
 */
const arms = (path) => names(read(path), /^ +"(\w+)" => /gm);
/**
 * The module's other methods.
 * @param {string} path
 */
const exported = (path) => names(read(path), /#\[wasm_bindgen\(js_name = (\w+)\)\]/g);

/**
 * The part of a text that the pattern's group matches.
 * @param {string} text
 * @param {RegExp} pattern
 */
function part(text, pattern) {
  const [, found] = pattern.exec(text) ?? [];
  assert.ok(found, String(pattern));
  return found;
}

describe('the names of methods', () => {
  test('of the core are those that LoginClient calls', () => {
    assert.deepEqual(
      names(loginClass, /(?:\b(?:call|resultOf)\((?:this, )?|\bask\()'(\w+)'/g),
      arms('src/login_client.rs'),
    );
  });

  test('of the account part are those that LoginClient calls there', () => {
    assert.deepEqual(names(loginClass, /\bcallAccount\(this, '(\w+)'/g), arms('src/account.rs'));
  });

  test('of extensions are those that ExtensionClient calls', () => {
    assert.deepEqual(names(extensionClass, /\.call\('(\w+)'/g), arms('src/extension_client.rs'));
    assert.deepEqual(names(extensionClass, /\bnow\(this, '(\w+)'/g), exported('src/extension_client.rs'));
  });

  test('that are called at once are exported', () => {
    const called = names(loginClass, /\.callNow\('(\w+)'/g);
    const exports = exported('src/login_client.rs');
    for (const name of called) assert.ok(exports.includes(name), name);
  });

  test('that need no page are those of the classes', () => {
    const rules = read('pkg/src/without-page.js');
    const known = names(classes, /^ {2}(?:async )?(\w+)\(/gm);
    const named = [...names(rules, /\b(\w+): (?:false|null|'\w+')/g), ...names(rules, /method === '(\w+)'/g)];
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(known.includes(name), name);
  });
});

describe('the names in the types', () => {
  const types = read('pkg/types/session.d.ts');

  test('of events are those that the module and the script emit', () => {
    const events = part(read('src/results.rs'), /fn event_name([\s\S]*?)\n}\n/);
    const byScript = names(read('pkg/src/page-session.js'), /#emit\('([\w-]+)'/g);
    assert.deepEqual(byScript, ['load-failed', 'ready']);
    const emitted = [...new Set([...names(events, /=> "([\w-]+)"/g), ...byScript])].sort();
    const typed = part(types, /export type SessionEvent =([\s\S]*?});\n/);
    assert.deepEqual(names(typed, /'([\w-]+)'/g), emitted);
  });

  test('of results of logins and links are those of the core', () => {
    const statuses = part(read('crates/protocol/src/callback/login_result.rs'), /fn as_str([\s\S]*?)\n {4}}\n/);
    const results = [/export interface LinkResult([\s\S]*?)\n}/, /export interface LoginResult([\s\S]*?)\n}/];
    const typed = results.flatMap((result) => names(part(part(types, result), /status: ([^;]*);/), /'([\w-]+)'/g));
    assert.deepEqual([...new Set(typed)].sort(), names(statuses, /=> "([\w-]+)"/g));
  });
});
