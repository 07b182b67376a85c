// The packed package runs as `npx` runs it: nothing that it needs is left out.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-package-'));
after(() => rmSync(folder, { recursive: true }));

test('the packed program serves logins and the page of requests until it is ended', async () => {
  const packageFolder = fileURLToPath(new URL('..', import.meta.url));
  const words = ['pack', '--json', '--pack-destination', folder];
  const [{ filename, files }] = JSON.parse(execFileSync('npm', words, { cwd: packageFolder, encoding: 'utf8' }));
  const paths = files.map((/** @type {{ path: string }} */ { path }) => path);
  assert.deepEqual(
    paths.filter((/** @type {string} */ path) => path.startsWith('test/')),
    [],
  );
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);

  const program = spawn(process.execPath, [join(folder, 'package/bin.js'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let url = '';
    for await (const line of createInterface(program.stdout)) {
      url = /^requests as they happen: (\S+)/.exec(line)?.[1] ?? '';
      if (url) break;
    }
    const html = await (await fetch(url)).text();
    const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    assert.ok(linked.length >= 3);
    for (const path of [...linked, '/settings', '/.well-known/openid-configuration/jwks'])
      assert.equal((await fetch(new URL(path, url))).status, 200, path);
  } finally {
    program.kill();
  }
  const [code, signal] = await once(program, 'exit');
  assert.deepEqual([code, signal], [0, null], 'it ends by itself at SIGTERM');
});

test('wrong options are an error with the usage', () => {
  const bin = fileURLToPath(new URL('../bin.js', import.meta.url));
  for (const [words, named] of /** @type {const} */ ([
    [['--prot', '1'], /--prot/],
    [['--dialect', 'lax'], /lax/],
    [['--application-id', 'shop'], /app_/],
  ]))
    assert.throws(
      () => execFileSync(process.execPath, [bin, '--port', '0', ...words], { stdio: 'pipe' }),
      (/** @type {any} */ error) => named.test(String(error.stderr)) && /--redirect-url URL/.test(String(error.stderr)),
    );
});
