// The examples with a framework that renders on a server: installed, built for production and started as their README says,
// and used by a shopper. The framework is the one that `tools` has installed, in the same versions.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSandbox } from '../../sandbox-pkg/index.js';
import { launch } from '../e2e/support/browser.mjs';
import { freePort } from '../e2e/support/ports.mjs';
import { shopsAt } from '../examples/shopper.mjs';
import { isRefusedAt } from '../examples/stranger.mjs';
import { pack, workspace } from './support.mjs';
import { run, serve } from './tools/program.mjs';
import { installTool } from './tools/project.mjs';

/**
 * An example, and what of its built folder is deployed beside the production dependencies.
 * @type {{ name: string, tool: string, deployed: string[], logs: RegExp }[]}
 */
const EXAMPLES = [
  {
    name: 'sveltekit',
    tool: 'sveltekit',
    deployed: ['build', 'package.json', '.env'],
    logs: /^Listening on http:\/\/127\.0\.0\.1:\d+$/,
  },
];

const root = mkdtempSync(join(tmpdir(), 'server-examples-'));
after(() => rmSync(root, { recursive: true }));

/**
 * Installs what is not of the framework.
 * @param {string} folder
 */
function installDependencies(folder) {
  const modules = join(folder, 'node_modules');
  const packed = join(modules, 'authress-login-wasm');
  mkdirSync(packed, { recursive: true });
  execFileSync('tar', ['-xzf', pack(root).file, '-C', packed, '--strip-components=1']);
  const jose = dirname(fileURLToPath(import.meta.resolve('jose/package.json')));
  symlinkSync(jose, join(modules, 'jose'));
}

for (const { name, tool, deployed, logs } of EXAMPLES) {
  test(`the example ${name} keeps a cart through the sign-in, and refuses forged tokens`, async (context) => {
    const { folder, where, wanted } = await installTool({ name: tool });
    const example = join(folder, 'example');
    rmSync(example, { recursive: true, force: true });
    context.after(() => rmSync(example, { recursive: true, force: true }));
    cpSync(join(workspace, 'examples', name), example, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8'));
    const versions = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [dependency, version] of Object.entries(JSON.parse(wanted).dependencies))
      assert.equal(versions[dependency], version, `the example's ${dependency}`);
    installDependencies(example);

    const port = await freePort();
    const shop = `http://localhost:${port}`;
    const sandbox = await startSandbox({ redirectUrls: [shop] });
    context.after(() => sandbox.stop());
    const { authressApiUrl, applicationId, anonymousConnectionId } = sandbox.settings;
    const settings = {
      AUTHRESS_API_URL: authressApiUrl,
      AUTHRESS_APPLICATION_ID: applicationId,
      AUTHRESS_SERVICE_CLIENT: anonymousConnectionId,
    };
    await run(['npm', 'run', 'build'], { ...where, folder: example, env: settings });

    // A server has the production dependencies only.
    const server = join(root, name);
    mkdirSync(server);
    for (const file of deployed) cpSync(join(example, file), join(server, file), { recursive: true });
    assert.deepEqual(Object.keys(manifest.dependencies).sort(), ['authress-login-wasm', 'jose']);
    installDependencies(server);
    const command = () => ({ words: ['npm', 'start', '--silent'], env: { PORT: String(port) } });
    const { program, stop } = await serve(command, { ...where, folder: server }, port);
    context.after(stop);

    for (let visit = 0; visit < 3; visit++) {
      const response = await fetch(shop);
      const page = await response.text();
      assert.equal(response.status, 200, page);
      assert.match(page, /Add a mug to the cart/, 'the server renders the page');
      assert.match(page, /id="who">…</, 'the server does not know the session');
    }
    const browser = await launch({ browserArgs: [] });
    context.after(() => browser.close());
    await shopsAt(browser, shop);
    await isRefusedAt(shop, sandbox.settings);
    const logged = program.output.split('\n').filter((line) => line && !logs.test(line));
    assert.deepEqual(logged, [], 'the server logs no error');
  });
}
