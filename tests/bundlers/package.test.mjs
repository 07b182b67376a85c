// What the checkers of published packages say of the packed package.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { pack } from './support.mjs';

const program = (name) => new URL(`node_modules/.bin/${name}`, import.meta.url).pathname;

async function check(name, ...args) {
  try {
    await promisify(execFile)(process.execPath, [program(name), ...args]);
  } catch ({ stdout, stderr }) {
    assert.fail(`${name} is not content: ${stdout}${stderr}`);
  }
}

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'checked-'));
  let packed;
  before(() => {
    packed = pack(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  test('is what publint calls right, even strictly', async () => {
    await check('publint', '--strict', packed.file);
  });

  test('has types that every way of resolving finds', async () => {
    // The file for a classic script is no module, and the oldest way knows no entries but the main one.
    const files = ['module', 'account'].map((part) => `${part}.wasm`);
    // What is CommonJS is for Jest, which reads no types.
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

  test('is the same whenever it is packed', () => {
    mkdirSync(join(folder, 'again'));
    const again = pack(join(folder, 'again'));
    assert.ok(readFileSync(packed.file).equals(readFileSync(again.file)));
  });

  test('names the licence of everything that is compiled in', () => {
    const notices = readFileSync(new URL('../../pkg/dist/THIRD-PARTY-NOTICES.txt', import.meta.url), 'utf8');
    for (const name of ['wasm-bindgen', 'serde-wasm-bindgen', 'url', 'zeroize', 'gloo-net', 'Rust', 'Binaryen']) {
      assert.match(notices, new RegExp(`\\b${name}\\b`));
    }
    assert.match(notices, /Permission is hereby granted, free of charge/);
  });
});
