// The examples with Vite are built by Vite and used by a shopper. The other examples are tested in tests/examples.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startStack } from '../e2e/support/stack.mjs';
import { shopsAt } from '../examples/shopper.mjs';
import { StaticServer, launchAt, pack, workspace } from './support.mjs';

const root = mkdtempSync(join(tmpdir(), 'examples-'));
after(() => rmSync(root, { recursive: true }));

/** @type {(name: string) => string} */
const folderOf = (name) => dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));

/**
 * Copies an example, with the packages installed.
 * @param {string} name
 * @returns its folder
 */
function install(name) {
  const folder = join(root, name);
  cpSync(join(workspace, 'examples', name), folder, { recursive: true });
  const installed = join(folder, 'node_modules/authress-login-wasm');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', pack(folder).file, '-C', installed, '--strip-components=1']);
  for (const dependency of ['react', 'react-dom', 'vite'])
    symlinkSync(folderOf(dependency), join(folder, 'node_modules', dependency));
  return folder;
}

/**
 * Builds an example and shops there.
 * @param {string} name
 * @param {import('node:test').TestContext} context
 */
async function buildAndShop(name, context) {
  const folder = install(name);
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
  execFileSync(process.execPath, [join(folderOf('vite'), 'bin/vite.js'), 'build', '--logLevel', 'error'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', ...settings },
  });
  server.serve(join(folder, 'dist'));
  const browser = await launchAt(stack, server.port);
  context.after(() => browser.close());
  await shopsAt(browser, stack.shopUrl);
}

for (const name of ['vite', 'react'])
  test(`the example ${name} keeps a cart through the sign-in`, (context) => buildAndShop(name, context));
