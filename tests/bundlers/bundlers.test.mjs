// Every way to build a storefront: with the packed package it is built and served as plain files, and a shopper gets a
// session in a real browser.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Authress } from '../e2e/support/authress.mjs';
import { startStack } from '../e2e/support/stack.mjs';
import { until } from '../e2e/support/until.mjs';
import { StaticServer, installPacked, launchAt, recordComplaints, seconds, workspace } from './support.mjs';

/**
 * @import { Browser } from '../e2e/support/browser.mjs'
 * @import { Stack } from '../e2e/support/stack.mjs'
 */

const output = join(workspace, 'target/bundlers');
/** @type {(name: string) => string} */
const version = (name) =>
  JSON.parse(readFileSync(join(workspace, 'tests/bundlers/node_modules', name, 'package.json'), 'utf8')).version;

const WRITE_DOCS = Boolean(process.env.WRITE_DOCS);
/**
 * The ways to build, with the function of the fixture's build.mjs and the entry of the package.
 * @type {[title: string, fixture: string, build: string, entry: string][]}
 */
const WAYS = [
  [`Vite ${version('vite')}, build`, 'vite', 'default', '.'],
  [`Vite ${version('vite')}, dev`, 'vite', 'develop', '.'],
  [`webpack ${version('webpack')}`, 'webpack', 'default', '.'],
  // server-examples.test.mjs builds Next.js for every change. Here it runs only when the table is written: with webpack it
  // takes as long as all others together.
  .../** @type {[string, string, string, string][]} */ (
    WRITE_DOCS
      ? [
          [`Next.js ${version('next')}, Turbopack`, 'next', 'default', '.'],
          [`Next.js ${version('next')}, webpack`, 'next', 'withWebpack', '.'],
        ]
      : []
  ),
  [`Rollup ${version('rollup')} with a plugin for files`, 'rollup', 'default', '.'],
  [`Rollup ${version('rollup')}`, 'rollup-inline', 'default', './inline'],
  [`esbuild ${version('esbuild')}`, 'esbuild', 'default', './inline'],
  ['`<script type="module">`', 'static-module', 'default', '.'],
  ['`<script>`', 'classic-script', 'default', './script'],
];

describe('a storefront', () => {
  /** @type {Stack} */
  let stack;
  /** @type {StaticServer} */
  let server;
  /** @type {Browser} */
  let browser;
  /** @type {Authress} */
  let authress;
  /** @type {string[][]} */
  const rows = [];

  before(async () => {
    installPacked();
    stack = await startStack('localhost');
    authress = new Authress(stack);
    server = await StaticServer.start({ authressApiUrl: stack.sandboxUrl, applicationId: stack.applicationId });
    browser = await launchAt(stack, server.port);
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

  /** @typedef {Record<string, (folder?: string) => Promise<any>>} Project what a fixture's build.mjs exports */

  /** @type {(project: Project, fixture: string, how: string) => Promise<void>} */
  async function build(project, fixture, how) {
    const folder = join(output, `${fixture}-${how}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await project[how](folder);
    server.serve(folder);
  }

  /** @param {Project} project */
  async function develop(project) {
    const { handle, stop } = await project.develop();
    server.delegate(handle);
    return stop;
  }

  /** @param {boolean} isInline whether the script has the bytes of the module */
  async function signIn(isInline) {
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const complaints = recordComplaints(page);
      await page.goto(`${stack.shopUrl}/`);
      await page.waitForFunction(() => window.login);
      assert.equal(await page.evaluate(() => window.login.userSessionExists()), false);
      // The module is loaded when the page is idle, and once, also if the page preloads it.
      const modules = () => server.requested.filter((path) => path.endsWith('.wasm')).length;
      await until(modules, isInline ? 0 : 1, 'requests for the module');
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
      assert.match((await authress.verify(token ?? '')).sub, /^user_/);
      const bytes = [...server.downloaded.values()].reduce((sum, size) => sum + size, 0);
      const files = [...server.downloaded.keys()];
      assert.ok(!files.some((file) => file.includes('fallback')), 'the JavaScript form is not needed here');
      // Vite misses what it reloads pages with. Chromium says that a preload is not checked, and still compares its hash
      // with that of the request.
      const isExpected = /WebSocket|^The `integrity` attribute is currently ignored for preload destinations/i;
      assert.deepEqual(
        complaints.filter((text) => !isExpected.test(text)),
        [],
      );
      return { signInTime, bytes };
    } finally {
      await context.close();
    }
  }
});

/**
 * Replaces the table in docs/bundlers.md.
 * @param {string[][]} rows
 */
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
