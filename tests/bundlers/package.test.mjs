// The packed package, checked by publint and attw.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { pack } from './support.mjs';

/** @param {string} name */
const program = (name) => new URL(`node_modules/.bin/${name}`, import.meta.url).pathname;

/**
 * @param {string} name
 * @param {...string} args
 */
async function check(name, ...args) {
  try {
    await promisify(execFile)(process.execPath, [program(name), ...args]);
  } catch ({ stdout, stderr }) {
    assert.fail(`${name} reports problems: ${stdout}${stderr}`);
  }
}

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'checked-'));
  /** @type {ReturnType<typeof pack>} */
  let packed;
  before(() => {
    packed = pack(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  test('passes publint, even strictly', async () => {
    await check('publint', '--strict', packed.file);
  });

  test('has types for every way of module resolution', async () => {
    // The file for a classic script is no module, and the oldest way resolves the main entry only.
    const files = ['module', 'account'].map((part) => `${part}.wasm`);
    // The CommonJS files are for Jest, which reads no types.
    await check(
      'attw',
      packed.file,
      '--profile',
      'esm-only',
      '--ignore-rules',
      'false-esm',
      '--exclude-entrypoints',
      'script',
      ...files,
    );
  });

  test('is packed reproducibly', () => {
    mkdirSync(join(folder, 'again'));
    const again = pack(join(folder, 'again'));
    assert.ok(readFileSync(packed.file).equals(readFileSync(again.file)));
  });

  test('has the licence of everything that is compiled in', () => {
    const notices = readFileSync(new URL('../../pkg/dist/THIRD-PARTY-NOTICES.txt', import.meta.url), 'utf8');
    for (const name of ['wasm-bindgen', 'serde-wasm-bindgen', 'url', 'zeroize', 'gloo-net', 'Rust', 'Binaryen']) {
      assert.match(notices, new RegExp(`\\b${name}\\b`));
    }
    assert.match(notices, /Permission is hereby granted, free of charge/);
  });
});
