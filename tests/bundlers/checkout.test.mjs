// The commands of the README that install the packages and the crates from a checkout, exactly as they stand there: in a copy
// of this repository with a folder `my-shop` beside it. Only the build runs here, where everything is compiled already.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { blocksIn } from '../documents/pages.mjs';
import { workspace } from './support.mjs';

// The same folder each time, and so for cargo the same crates: only what has changed since is compiled again.
const id = createHash('sha256').update(workspace).digest('hex').slice(0, 12);
const folder = join(tmpdir(), `authress-checkout-${id}`);
const checkout = join(folder, 'authress-login-wasm');
const shop = join(folder, 'my-shop');
const environment = {
  ...process.env,
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  CARGO_NET_OFFLINE: 'true',
  CARGO_TERM_COLOR: 'never',
};

before(() => {
  rmSync(folder, { recursive: true, force: true });
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: workspace, encoding: 'utf8' }).split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(join(workspace, name)))) {
    mkdirSync(join(checkout, dirname(file)), { recursive: true });
    cpSync(join(workspace, file), join(checkout, file), { preserveTimestamps: true });
  }
  mkdirSync(join(checkout, 'target'));
  mkdirSync(shop);
});
after(() => rmSync(folder, { recursive: true }));

/**
 * Runs the block of the README below "Install it from a checkout" that begins with this word.
 * @param {string} start
 * @param {Record<string, string>} [settings]
 */
function runBlock(start, settings) {
  const section = readFileSync(join(workspace, 'README.md'), 'utf8').split('### Install it from a checkout\n')[1] ?? '';
  const blocks = blocksIn(section.split(/^#/m)[0], 'README.md').filter(({ code }) => code.startsWith(start));
  assert.equal(
    blocks.length,
    1,
    `the README has one block below "Install it from a checkout" that begins with ${start}`,
  );
  const { code } = blocks[0];
  const lines = code.trim().split('\n');
  assert.ok(lines.length <= 3, code);
  for (const line of lines) {
    const isBuild = line.startsWith('cargo xtask build');
    try {
      execFileSync('sh', ['-ec', line], {
        cwd: isBuild ? workspace : checkout,
        env: { ...environment, ...settings },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      throw new Error(`${line}\n${error.stdout}${error.stderr}`, { cause: error });
    }
    if (isBuild) cpSync(join(workspace, 'pkg/dist'), join(checkout, 'pkg/dist'), { recursive: true });
  }
}

test('a shop gets the npm package by the commands of the README', () => {
  writeFileSync(join(shop, 'package.json'), '{ "private": true, "type": "module" }');
  runBlock('cargo xtask build');

  const script = "import { LoginClient } from 'authress-login-wasm'; console.log(typeof LoginClient);";
  const words = ['--input-type=module', '--eval', script];
  assert.equal(execFileSync(process.execPath, words, { cwd: shop, encoding: 'utf8' }), 'function\n');
  const lock = JSON.parse(readFileSync(join(shop, 'package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(lock.packages), ['', 'node_modules/authress-login-wasm']);
});

test("a shop's server gets the crates by the commands of the README", () => {
  mkdirSync(join(shop, 'src'));
  writeFileSync(join(shop, 'Cargo.toml'), '[package]\nname = "my-shop"\nversion = "0.1.0"\nedition = "2024"\n');
  writeFileSync(
    join(shop, 'src/main.rs'),
    'use authress_access_token::TokenVerifier;\nuse authress_verifier::Service;\n\n' +
      'fn main() {\n    println!("{}", size_of::<(TokenVerifier, Service)>());\n}\n',
  );
  // The versions that are downloaded already. With the profile of the workspace, what it has compiled is used.
  cpSync(join(workspace, 'Cargo.lock'), join(shop, 'Cargo.lock'));
  const cargo = { CARGO_TARGET_DIR: join(workspace, 'target'), CARGO_PROFILE_DEV_DEBUG: 'line-tables-only' };
  runBlock('cargo add', cargo);
  const manifest = readFileSync(join(shop, 'Cargo.toml'), 'utf8');
  for (const name of ['access-token', 'verifier']) assert.match(manifest, new RegExp(`path = "[^"]*crates/${name}"`));
});
