// The examples run as a shopper uses them: the packed packages are installed, the server is started as its README says,
// and a browser puts something into the cart before the sign-in and finds it there afterwards.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSandbox } from '../../sandbox-pkg/index.js';
import { launch } from '../e2e/support/browser.mjs';
import { freePort } from '../e2e/support/ports.mjs';
import { startRedis } from '../e2e/support/redis.mjs';
import { workspace } from '../e2e/support/stack.mjs';
import { shopsAt } from './shopper.mjs';
import { isRefusedAt } from './stranger.mjs';

/** @import { Browser } from '../e2e/support/browser.mjs' */

/** The packages of this repository, with their folders. */
const PACKAGES = { 'authress-login-wasm': 'pkg', 'authress-login-sandbox': 'sandbox-pkg' };
/** How long an example may be, without its page's HTML: it is to be read in a few minutes. */
const MOST_LINES = 150;

const folder = mkdtempSync(join(tmpdir(), 'examples-'));
const modules = join(folder, 'node_modules');
/** @type {Browser} */
let browser;

before(async () => {
  for (const [name, source] of Object.entries(PACKAGES)) {
    const words = ['pack', join(workspace, source), '--json', '--pack-destination', folder];
    const [{ filename }] = JSON.parse(
      execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    mkdirSync(join(modules, name), { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, filename), '-C', join(modules, name), '--strip-components=1']);
  }
  for (const name of ['express', 'jose', 'redis'])
    symlinkSync(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), join(modules, name));
  browser = await launch({ browserArgs: [] });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/**
 * Starts the server of an example, and stops it when the test ends.
 * @param {string} name
 * @param {string} script
 * @param {Record<string, string>} environment
 * @param {import('node:test').TestContext} context
 * @returns the address of its shop
 */
async function start(name, script, environment, context) {
  cpSync(join(workspace, 'examples', name), join(folder, name), { recursive: true });
  const server = spawn(process.execPath, [script], {
    cwd: join(folder, name),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(async () => {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  for await (const line of createInterface(server.stdout)) {
    const address = /^ready (\S+)$/.exec(line)?.[1];
    if (address) return address;
  }
  throw new Error(`${name} has ended before it was ready`);
}

test('a page with a script element keeps a cart through the sign-in', async (context) => {
  await shopsAt(browser, await start('script', 'serve.js', { PORT: '0' }, context));
});

/**
 * The environment of an example whose page is at this port.
 * @param {import('../../sandbox-pkg/index.js').Sandbox} sandbox
 * @param {number} port
 */
const environmentFor = ({ settings }, port) => ({
  AUTHRESS_API_URL: settings.authressApiUrl,
  AUTHRESS_APPLICATION_ID: settings.applicationId,
  AUTHRESS_SERVICE_CLIENT: settings.anonymousConnectionId,
  PORT: String(port),
});

test('Express keeps the carts of verified shoppers, and of no others', async (context) => {
  const port = await freePort();
  const sandbox = await startSandbox({ redirectUrls: [`http://localhost:${port}`] });
  context.after(() => sandbox.stop());
  const shop = await start('express', 'server.js', environmentFor(sandbox, port), context);
  await shopsAt(browser, shop);
  await isRefusedAt(shop, sandbox.settings);
});

/**
 * Sends each request to another one of the servers, as Lambda sends an event to any instance of a function.
 * @param {number} port
 * @param {string[]} servers
 * @param {import('node:test').TestContext} context
 */
async function startBalancer(port, servers, context) {
  let requests = 0;
  const balancer = createServer((request, response) => {
    const { method, headers, url = '' } = request;
    const server = servers[requests++ % servers.length];
    const forwarded = send(new URL(url, server), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(502).end());
    request.pipe(forwarded);
  }).listen(port, '127.0.0.1');
  context.after(() => {
    balancer.closeAllConnections();
    balancer.close();
  });
  await once(balancer, 'listening');
}

test('two instances of the Lambda function share the carts of verified shoppers', async (context) => {
  const port = await freePort();
  const shop = `http://localhost:${port}`;
  const sandbox = await startSandbox({ redirectUrls: [shop] });
  context.after(() => sandbox.stop());
  const redis = await startRedis();
  context.after(() => redis.server.kill());
  cpSync(join(workspace, 'examples/express/public'), join(folder, 'express/public'), { recursive: true });
  const environment = { ...environmentFor(sandbox, 0), REDIS_URL: redis.url };
  const instances = [];
  for (let count = 0; count < 2; count++) instances.push(await start('lambda', 'local.js', environment, context));
  await startBalancer(port, instances, context);
  await shopsAt(browser, shop);
  await isRefusedAt(shop, sandbox.settings);
});

for (const name of ['express', 'lambda', 'next', 'nuxt', 'react-router', 'sveltekit']) {
  test(`the settings in the file of ${name} are the sandbox's`, async () => {
    const sandbox = await startSandbox();
    await sandbox.stop();
    const folder = join(workspace, 'examples', name);
    const file = readdirSync(folder).find((entry) => /^(sandbox)?\.env$/.test(entry)) ?? '';
    const values = [...readFileSync(join(folder, file), 'utf8').matchAll(/^\w+=(.*)$/gm)].map(([, value]) => value);
    const { authressApiUrl, applicationId, anonymousConnectionId } = sandbox.settings;
    const expected = [authressApiUrl.replace(/\d+$/, '8888'), applicationId, anonymousConnectionId];
    assert.deepEqual(values.slice(0, 3), expected);
  });
}

for (const example of readdirSync(join(workspace, 'examples'), { withFileTypes: true })) {
  if (!example.isDirectory()) continue;
  test(`the example ${example.name} is short and stands in the table`, () => {
    const root = join(workspace, 'examples', example.name);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const code = files.filter((name) => /^(?!node_modules|tests|target|build|\.).*\.(jsx?|rs|svelte|vue)$/.test(name));
    const lines = code.map((name) => readFileSync(join(root, name), 'utf8').trimEnd().split('\n').length);
    const total = lines.reduce((sum, count) => sum + count, 0);
    assert.ok(total > 0 && total < MOST_LINES, `${total} lines`);
    assert.ok(readFileSync(join(workspace, 'examples/README.md'), 'utf8').includes(`](${example.name})`));
  });
}
