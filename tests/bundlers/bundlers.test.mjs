// Every way a storefront is built: the packed package is built in, served from plain files, and a shopper gets a
// session with it in a real browser.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Authress } from '../e2e/support/authress.mjs';
import { launch } from '../e2e/support/browser.mjs';
import { startStack } from '../e2e/support/stack.mjs';
import { StaticServer, installPacked, workspace } from './support.mjs';

const output = join(workspace, 'target/bundlers');
const version = (name) =>
  JSON.parse(readFileSync(join(workspace, 'tests/bundlers/node_modules', name, 'package.json'), 'utf8')).version;

const WRITE_DOCS = Boolean(process.env.WRITE_DOCS);
/** Title, fixture, the function of its build.mjs, the entry of the package. */
const WAYS = [
  [`Vite ${version('vite')}, build`, 'vite', 'default', '.'],
  [`Vite ${version('vite')}, dev`, 'vite', 'develop', '.'],
  [`webpack ${version('webpack')}`, 'webpack', 'default', '.'],
  [`Next.js ${version('next')}, Turbopack`, 'next', 'default', '.'],
  // Takes as long as all others together: only when the table is written.
  ...(WRITE_DOCS ? [[`Next.js ${version('next')}, webpack`, 'next', 'withWebpack', '.']] : []),
  [`Rollup ${version('rollup')} with a plugin for files`, 'rollup', 'default', '.'],
  [`Rollup ${version('rollup')}`, 'rollup-inline', 'default', './inline'],
  [`esbuild ${version('esbuild')}`, 'esbuild', 'default', './inline'],
  ['`<script type="module">`', 'static-module', 'default', '.'],
  ['`<script>`', 'classic-script', 'default', './script'],
];

describe('a storefront', () => {
  let stack;
  let server;
  let browser;
  let authress;
  const rows = [];

  before(async () => {
    installPacked();
    stack = await startStack('localhost');
    authress = new Authress(stack);
    server = await StaticServer.start({ authressApiUrl: stack.sandboxUrl, applicationId: stack.applicationId });
    // Authress knows the shop's address; behind it are the fixtures now.
    const rule = `--host-resolver-rules=MAP ${new URL(stack.shopUrl).host} 127.0.0.1:${server.port}`;
    browser = await launch({ ...stack, browserArgs: [...stack.browserArgs, rule] });
  });
  after(async () => {
    await browser?.close();
    server?.stop();
    await stack?.stop();
    if (WRITE_DOCS) writeTable(rows);
  });

  for (const [title, fixture, how, entry] of WAYS) {
    test(`built with ${title} signs a shopper in`, { timeout: 600_000 }, async () => {
      const project = await import(`./fixtures/${fixture}/build.mjs`);
      const start = performance.now();
      const stop = how === 'develop' ? await develop(project) : await build(project, fixture, how);
      const buildTime = performance.now() - start;
      try {
        const isDevelopment = how === 'develop';
        // Development servers get the bytes inside the script.
        const { signInTime, bytes } = await signIn(isDevelopment || entry === './inline');
        rows.push([
          title,
          `\`authress-login-wasm${entry.slice(1)}\``,
          isDevelopment ? '–' : seconds(buildTime),
          seconds(signInTime),
          isDevelopment ? '–' : bytes.toLocaleString('en'),
        ]);
      } finally {
        await stop?.();
      }
    });
  }

  async function build(project, fixture, how) {
    const folder = join(output, `${fixture}-${how}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await project[how](folder);
    server.serve(folder);
  }

  async function develop(project) {
    const { handle, stop } = await project.develop();
    server.delegate(handle);
    return stop;
  }

  async function signIn(isInline) {
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    const complaints = [];
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      await page.goto(`${stack.shopUrl}/`);
      await page.waitForFunction(() => window.login);
      assert.equal(await page.evaluate(() => window.login.userSessionExists()), false);
      const modules = server.requested.filter((path) => path.endsWith('.wasm'));
      assert.equal(modules.length, isInline ? 0 : 1, `also where it is preloaded: ${modules}`);
      const start = performance.now();
      await page.evaluate((connectionId) => {
        window.login.authenticate({ connectionId, redirectUrl: '/?started' }).catch((error) => {
          document.title = error.code;
        });
      }, stack.shopperConnectionId);
      await page.waitForURL((url) => url.origin === stack.shopUrl && url.search.startsWith('?started'));
      await page.waitForFunction(() => window.login);
      const token = await page.evaluate(() => window.login.getToken());
      const signInTime = performance.now() - start;
      assert.match((await authress.verify(token)).sub, /^user_/);
      const bytes = [...server.downloaded.values()].reduce((sum, size) => sum + size, 0);
      const files = [...server.downloaded.keys()];
      assert.ok(!files.some((file) => file.includes('fallback')), 'nobody needs the JavaScript form here');
      assert.deepEqual(
        complaints.filter((text) => !/WebSocket/i.test(text)),
        [],
        'Vite alone misses what it reloads pages with',
      );
      return { signInTime, bytes };
    } finally {
      await context.close();
    }
  }
});

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Replaces the table in docs/bundlers.md. */
function writeTable(rows) {
  const file = join(workspace, 'docs/bundlers.md');
  const table = [
    '| | entry | build | sign-in | bytes |',
    '|---|---|---:|---:|---:|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(
      /<!-- measured -->[\s\S]*<!-- \/measured -->/,
      () => `<!-- measured -->\n${table}\n<!-- /measured -->`,
    ),
  );
}
