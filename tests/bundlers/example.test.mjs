// The example with Vite is built by Vite and used by a shopper. The other examples are tested in tests/examples.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startStack } from '../e2e/support/stack.mjs';
import { shopsAt } from '../examples/shopper.mjs';
import { StaticServer, launchAt, pack, workspace } from './support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'example-'));
after(() => rmSync(folder, { recursive: true }));

const vite = dirname(fileURLToPath(import.meta.resolve('vite/package.json')));

/** Copies the example, with what its package.json names installed. */
function install() {
  cpSync(join(workspace, 'examples/vite'), folder, { recursive: true });
  const installed = join(folder, 'node_modules/authress-login-wasm');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', pack(folder).file, '-C', installed, '--strip-components=1']);
  symlinkSync(vite, join(folder, 'node_modules/vite'));
}

test('an application with Vite keeps a cart through the sign-in', async (context) => {
  install();
  const stack = await startStack('localhost');
  context.after(() => stack.stop());
  const server = await StaticServer.start({});
  context.after(() => server.stop());
  // As a shop's .env.production has them.
  const settings = {
    VITE_AUTHRESS_API_URL: stack.sandboxUrl,
    VITE_AUTHRESS_APPLICATION_ID: stack.applicationId,
    VITE_AUTHRESS_SERVICE_CLIENT: stack.shopperConnectionId,
  };
  // What `npm run build` runs.
  execFileSync(process.execPath, [join(vite, 'bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', ...settings },
  });
  server.serve(join(folder, 'dist'));
  const browser = await launchAt(stack, server.port);
  context.after(() => browser.close());
  await shopsAt(browser, stack.shopUrl);
});
