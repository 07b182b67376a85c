// The packed packages, checked by publint, attw and npm.
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

/**
 * Tests that hold for each package.
 * @param {'pkg' | 'sandbox-pkg'} source
 */
function testsOf(source) {
  const folder = mkdtempSync(join(tmpdir(), 'checked-'));
  const packed = { file: '', files: [''] };
  before(() => {
    Object.assign(packed, pack(folder, source));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('passes publint, even strictly', async () => {
    await check('publint', '--strict', packed.file);
  });

  test('has exactly the files of its manifest', () => {
    const { files } = JSON.parse(readFileSync(new URL(`../../${source}/package.json`, import.meta.url), 'utf8'));
    assert.deepEqual(packed.files, [...files, 'package.json'].sort());
  });

  test('can be published as it is', async () => {
    // npm drops what it finds wrong in a manifest, such as the program, and only warns. It reads the manifest of a folder.
    const cwd = new URL(`../../${source}`, import.meta.url);
    // With --force it neither asks the registry whether the version is published nor demands a tag for a pre-release.
    const words = ['publish', '--dry-run', '--force', '--tag', 'next'];
    const { stderr } = await promisify(execFile)('npm', words, { cwd });
    assert.doesNotMatch(stderr, /auto-corrected|errors corrected/);
  });

  test('is packed reproducibly', () => {
    mkdirSync(join(folder, 'again'));
    const again = pack(join(folder, 'again'), source);
    assert.ok(readFileSync(packed.file).equals(readFileSync(again.file)));
  });
  return packed;
}

describe('the packed package', () => {
  const packed = testsOf('pkg');

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

  test('has the licence of everything that is compiled in', () => {
    const notices = readFileSync(new URL('../../pkg/dist/THIRD-PARTY-NOTICES.txt', import.meta.url), 'utf8');
    for (const name of ['wasm-bindgen', 'serde-wasm-bindgen', 'url', 'zeroize', 'gloo-net', 'Rust', 'Binaryen']) {
      assert.match(notices, new RegExp(`\\b${name}\\b`));
    }
    assert.match(notices, /Permission is hereby granted, free of charge/);
  });
});

describe("the sandbox's packed package", () => {
  const packed = testsOf('sandbox-pkg');

  test('has types for every way of module resolution that knows ES modules', async () => {
    // `node10` resolves no `exports`; the package needs Node.js 20.
    await check('attw', packed.file, '--profile', 'esm-only');
  });

  test('has the licence of everything that is compiled in', () => {
    const notices = readFileSync(new URL('../../sandbox-pkg/dist/THIRD-PARTY-NOTICES.txt', import.meta.url), 'utf8');
    for (const name of ['askama', 'axum', 'ed25519-dalek', 'wasm-bindgen', 'Rust'])
      assert.match(notices, new RegExp(`\\b${name}\\b`));
  });
});
