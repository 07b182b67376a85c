// The commands of the README that install the package from a checkout. The first one, the build, has run before this test.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { workspace } from './support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'checkout-'));
after(() => rmSync(folder, { recursive: true }));

test('a shop gets the package by the commands of the README', () => {
  const section = readFileSync(join(workspace, 'README.md'), 'utf8').split('### Install it from a checkout\n')[1];
  const [build, ...commands] =
    section
      ?.match(/^```sh\n([\s\S]*?)^```$/m)?.[1]
      .trim()
      .split('\n') ?? [];
  assert.equal(build, 'cargo xtask build --only-package');
  assert.equal(commands.length, 2);

  const shop = join(folder, 'my-shop');
  const archives = join(folder, 'target');
  for (const path of [shop, archives]) mkdirSync(path);
  writeFileSync(join(shop, 'package.json'), '{ "private": true, "type": "module" }');
  const here = commands.map((command) => {
    const moved = command.replace('../my-shop', shop).replace('./target/', `${archives}/`);
    return moved.replace('--pack-destination target', `--pack-destination ${archives}`);
  });
  assert.ok(here.every((command) => command.includes(folder)));
  const environment = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' };
  for (const command of here) execFileSync('sh', ['-ec', command], { cwd: workspace, env: environment, stdio: 'pipe' });

  const script = "import { LoginClient } from 'authress-login-wasm'; console.log(typeof LoginClient);";
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: shop,
    encoding: 'utf8',
  });
  assert.equal(output, 'function\n');
  const lock = JSON.parse(readFileSync(join(shop, 'package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(lock.packages), ['', 'node_modules/authress-login-wasm']);
});
