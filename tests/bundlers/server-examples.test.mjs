// The examples with a framework that renders on a server: installed, built for production and started as their README says,
// and used by a shopper. The framework is the one that `tools` has installed, in the same versions.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSandbox } from '../../sandbox-pkg/index.js';
import { launch } from '../e2e/support/browser.mjs';
import { freePort } from '../e2e/support/ports.mjs';
import { comesBackTo, shopsAt } from '../examples/shopper.mjs';
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
 * @property {Change} [change] how the application is changed for the second build, with the policy that its guide shows
 * @property {RegExp} logs each line that its server prints if nothing fails
 */

/**
 * @typedef {object} Change
 * @property {string} policy the file of the guide's code block about the policy
 * @property {[file: string, from: string, to: string][]} [edits]
 * @property {Record<string, string>} [files]
 * @property {Record<string, string>} [env] of the server
 * @property {string} [base] the path of the application
 * @property {string} [routerAddress]
 * @property {string} [expected] the address that the router has in the end
 */

const names = /** @type {const} */ (['AUTHRESS_API_URL', 'AUTHRESS_APPLICATION_ID', 'AUTHRESS_SERVICE_CLIENT']);

/** @type {Example[]} */
const EXAMPLES = [
  {
    name: 'next',
    tool: 'next',
    variables: [...names],
    change: {
      policy: 'proxy.js',
      // As the guide says: pages that are the same for everyone have no nonce.
      edits: [
        ['app/layout.jsx', "import './shop.css';", "import { connection } from 'next/server';\nimport './shop.css';"],
        [
          'app/layout.jsx',
          'export default function Layout({ children }) {',
          'export default async function Layout({ children }) {\n  await connection();',
        ],
      ],
    },
    logs: /^\s*(▲ Next\.js|- (Local|Network): |✓ )/,
  },
  {
    name: 'nuxt',
    tool: 'nuxt',
    variables: ['NUXT_PUBLIC_AUTHRESS_API_URL', 'NUXT_PUBLIC_APPLICATION_ID', 'NUXT_PUBLIC_ANONYMOUS_CONNECTION_ID'],
    deployed: ['.output', '.env', 'package.json'],
    routerAddress: 'history.state.current',
    change: {
      policy: 'server/plugins/policy.js',
      env: { NUXT_APP_BASE_URL: '/shop/' },
      base: '/shop/',
      routerAddress: 'history.state.current',
      expected: '/?from=mail#mugs',
    },
    // Requests of other methods than the API's come to the pages, of which none has that address.
    logs: /^(Listening on http:\/\/127\.0\.0\.1:\d+$|\[VUE_ROUTER_R0004\] .* "\/api\/cart\/mug"$|[├╰]▶ (fix|see): )/,
  },
  {
    name: 'react-router',
    tool: 'react-router-8',
    variables: [`VITE_${names[0]}`, `VITE_${names[1]}`, `VITE_${names[2]}`],
    routerAddress: '(({ pathname, search }) => pathname + search)(__reactRouterDataRouter.state.location)',
    change: {
      policy: 'app/entry.server.jsx',
      files: { 'react-router.config.js': "export default { basename: '/shop/' };\n" },
      edits: [
        ['app/home.jsx', "'/api/cart'", "'/shop/api/cart'"],
        ['app/home.jsx', "'/api/cart/mug'", "'/shop/api/cart/mug'"],
      ],
      base: '/shop/',
      routerAddress:
        '(({ pathname, search, hash }) => pathname + search + hash)(__reactRouterDataRouter.state.location)',
      expected: '/shop/?from=mail#mugs',
    },
    logs: /^(\[react-router-serve\] http|GET \/\S* (200|304) |[A-Z]+ \/api\/cart\S* (200|401|405) )/,
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

/**
 * The code block about the policy in the guide of an example.
 * @param {string} name
 */
function policyOf(name) {
  const guide = readFileSync(join(workspace, 'docs/frameworks', `${name}.md`), 'utf8');
  const [, section = ''] = guide.split('\n## Content Security Policy\n');
  const [, code] = /^```jsx?\n([\s\S]*?)^```$/m.exec(section) ?? [];
  assert.ok(code, `the guide of ${name} shows a policy`);
  return code;
}

/**
 * Changes an example, as its readers do.
 * @param {string} name
 * @param {string} folder
 * @param {Change} change
 */
function changeExample(name, folder, { policy, edits = [], files = {} }) {
  for (const [file, from, to] of edits) {
    const code = readFileSync(join(folder, file), 'utf8');
    assert.ok(code.includes(from), `${file} has ${from}`);
    writeFileSync(join(folder, file), code.replace(from, to));
  }
  for (const [file, code] of Object.entries({ ...files, [policy]: policyOf(name) })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
}

/**
 * Whether a connection to an address is accepted.
 * @type {(host: string, port: number) => Promise<boolean>}
 */
const accepts = (host, port) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (/** @type {boolean} */ isConnected) => {
      socket.destroy();
      resolve(isConnected);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

for (const { name, tool, variables, deployed, dependencies, routerAddress, change, logs } of EXAMPLES) {
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
    const build = async () => {
      report(`${name}: ${commands.build.join(' ')}`);
      const output = await run(commands.build, { ...where, env: settings });
      assert.doesNotMatch(output, /\bwarn(ing)?\b.*(authress|wasm|fallback)/i, 'no warning is about the package');
      if (!deployed) return folder;
      const server = mkdtempSync(join(root, `${name}-`));
      copy(folder, server, deployed);
      if (dependencies) {
        assert.deepEqual(Object.keys(manifest.dependencies).sort(), dependencies);
        installDependencies(server);
      }
      return server;
    };
    /** @type {(server: string, env?: Record<string, string>) => ReturnType<typeof serve>} */
    const start = (server, env) => {
      report(`${name}: ${commands.start.join(' ')}`);
      const words = [...commands.start, '--silent'];
      const command = () => ({ words, env: { ...settings, PORT: String(port), ...env } });
      return serve(command, { ...where, folder: server }, port);
    };
    const { program, stop } = await start(await build());
    context.after(stop);
    // Linux has all of 127.0.0.0/8: a server that listens on all interfaces accepts this one, too.
    assert.equal(await accepts('127.0.0.2', port), false, 'the server listens on 127.0.0.1 only');

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

    if (!change) return;
    await stop();
    const { env, base = '/', routerAddress: changedRouterAddress, expected = '' } = change;
    changeExample(name, folder, change);
    const changed = await start(await build(), env);
    context.after(changed.stop);
    const policy = (await fetch(shop + base)).headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self' 'nonce-[\w+/=]+' 'wasm-unsafe-eval'/);
    assert.match(policy, /base-uri 'none'; frame-ancestors 'none'$/);
    await comesBackTo(browser, `${shop}${base}?from=mail#mugs`, { routerAddress: changedRouterAddress, expected });
  });
}
