// The examples with a framework that renders on a server: installed, built for production and started as their README says,
// and used by a shopper. The framework is the one that `tools` has installed, in the same versions.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSandbox } from '../../sandbox-pkg/index.js';
import { launch } from '../e2e/support/browser.mjs';
import { freePort } from '../e2e/support/ports.mjs';
import { shopsAt } from '../examples/shopper.mjs';
import { isRefusedAt } from '../examples/stranger.mjs';
import { assertNoJavaScriptForm, pack, workspace } from './support.mjs';
import { report, run, serve } from './tools/program.mjs';
import { emptyTool, installTool } from './tools/project.mjs';

/** @import { Browser } from '../e2e/support/browser.mjs' */

/**
 * @typedef {object} Example
 * @property {string} name
 * @property {string} tool the folder of `tools` with the versions of the framework
 * @property {[apiUrl: string, applicationId: string, serviceClient: string]} variables the names of its settings
 * @property {string[]} [deployed] what is copied to a server: all that runs there, besides `dependencies`. Without it the
 * example is started where it was built
 * @property {string[]} [dependencies] the packages that `deployed` needs
 * @property {string} [routerAddress] an expression for the page: the address that the router has
 * @property {RegExp} logs each line that its server prints if nothing fails
 */

const names = /** @type {const} */ (['AUTHRESS_API_URL', 'AUTHRESS_APPLICATION_ID', 'AUTHRESS_SERVICE_CLIENT']);

/** @type {Example[]} */
const EXAMPLES = [
  {
    name: 'next',
    tool: 'next',
    variables: [...names],
    logs: /^\s*(▲ Next\.js|- (Local|Network): |✓ )/,
  },
  {
    name: 'nuxt',
    tool: 'nuxt',
    variables: ['NUXT_PUBLIC_AUTHRESS_API_URL', 'NUXT_PUBLIC_APPLICATION_ID', 'NUXT_PUBLIC_ANONYMOUS_CONNECTION_ID'],
    deployed: ['.output', '.env', 'package.json'],
    routerAddress: 'history.state.current',
    logs: /^Listening on http:\/\/127\.0\.0\.1:\d+$/,
  },
  {
    name: 'react-router',
    tool: 'react-router-8',
    variables: [`VITE_${names[0]}`, `VITE_${names[1]}`, `VITE_${names[2]}`],
    routerAddress: '(({ pathname, search }) => pathname + search)(__reactRouterDataRouter.state.location)',
    logs: /^(\[react-router-serve\] http|GET \/\S* (200|304) |(GET|PUT) \/api\/cart\S* (200|401) )/,
  },
  {
    name: 'sveltekit',
    tool: 'sveltekit',
    variables: [...names],
    deployed: ['build', '.env', 'package.json'],
    dependencies: ['authress-login-wasm', 'jose'],
    logs: /^Listening on http:\/\/127\.0\.0\.1:\d+$/,
  },
];

const root = mkdtempSync(join(tmpdir(), 'server-examples-'));
/** @type {string} */
let tarball;
/** @type {Browser} */
let browser;

before(async () => {
  tarball = pack(root).file;
  browser = await launch({ browserArgs: [] });
});
after(async () => {
  await browser?.close();
  rmSync(root, { recursive: true });
});

/**
 * Installs what is not of the framework. Nothing of it is a link, which Turbopack would not follow out of its folder.
 * @param {string} folder
 */
function installDependencies(folder) {
  const packed = join(folder, 'node_modules/authress-login-wasm');
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', packed, '--strip-components=1']);
  const jose = dirname(fileURLToPath(import.meta.resolve('jose/package.json')));
  cpSync(jose, join(folder, 'node_modules/jose'), { recursive: true });
}

/**
 * The commands that build and start an example, as its README says.
 * @param {string} name
 */
function commandsOf(name) {
  const readme = readFileSync(join(workspace, 'examples', name, 'README.md'), 'utf8');
  const [install, sandbox, shop] = (readme.match(/^```sh\n([\s\S]*?)^```$/m)?.[1] ?? '').split('\n');
  assert.deepEqual([install, sandbox?.split(' #')[0]?.trim()], ['npm install', 'npm run sandbox &']);
  const [build, start] = (shop?.split(' #')[0] ?? '').split('&&').map((command) => command.trim().split(' '));
  assert.ok(build && start, `${name}/README.md builds and starts the shop`);
  return { build, start };
}

/** @type {(from: string, to: string, files: string[]) => void} */
function copy(from, to, files) {
  for (const file of files) cpSync(join(from, file), join(to, file), { recursive: true });
}

for (const { name, tool, variables, deployed, dependencies, routerAddress, logs } of EXAMPLES) {
  test(`the example ${name} keeps a cart through the sign-in, and refuses forged tokens`, async (context) => {
    const commands = commandsOf(name);
    const installed = await installTool({ name: tool });
    const { folder, where } = installed;
    emptyTool(folder);
    context.after(() => emptyTool(folder));
    cpSync(join(workspace, 'examples', name), folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const versions = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [dependency, version] of Object.entries(JSON.parse(installed.wanted).dependencies))
      assert.equal(versions[dependency], version, `the example's ${dependency}`);
    installDependencies(folder);

    const port = await freePort();
    const shop = `http://localhost:${port}`;
    const sandbox = await startSandbox({ redirectUrls: [shop] });
    context.after(() => sandbox.stop());
    const { authressApiUrl, applicationId, anonymousConnectionId } = sandbox.settings;
    const values = [authressApiUrl, applicationId, anonymousConnectionId];
    const settings = Object.fromEntries(variables.map((variable, index) => [variable, values[index]]));
    report(`${name}: ${commands.build.join(' ')}`);
    const output = await run(commands.build, { ...where, env: settings });
    assert.doesNotMatch(output, /\bwarn(ing)?\b.*(authress|wasm|fallback)/i, 'no warning is about the package');

    let server = folder;
    if (deployed) {
      server = join(root, name);
      mkdirSync(server);
      copy(folder, server, deployed);
      if (dependencies) {
        assert.deepEqual(Object.keys(manifest.dependencies).sort(), dependencies);
        installDependencies(server);
      }
    }
    const command = () => ({
      words: [...commands.start, '--silent'],
      env: { ...settings, HOST: '127.0.0.1', PORT: String(port) },
    });
    report(`${name}: ${commands.start.join(' ')}`);
    const { program, stop } = await serve(command, { ...where, folder: server }, port);
    context.after(stop);

    for (let visit = 0; visit < 3; visit++) {
      const response = await fetch(shop);
      const page = await response.text();
      assert.equal(response.status, 200, page);
      assert.match(page, /Add a mug to the cart/, 'the server renders the page');
      assert.match(page, /id="who">…</, 'the server does not know the session');
    }
    const requested = await shopsAt(browser, shop, { routerAddress });
    await assertNoJavaScriptForm(requested.filter((url) => url.startsWith(shop) && !url.startsWith(`${shop}/api/`)));
    await isRefusedAt(shop, sandbox.settings);
    const logged = program.output.split('\n').filter((line) => line && !logs.test(line));
    assert.deepEqual(logged, [], 'the server logs no error');
  });
}
