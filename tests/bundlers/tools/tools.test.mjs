// The package in the tools that newcomers use: installed as the README says, with its first example unchanged, it is built
// and rendered on the server, and a shopper gets a session in a real browser. TOOLS names the tools, or `all`; without it the
// short list runs. `cargo xtask bundlers` runs all and writes docs/bundlers.md.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Authress } from '../../e2e/support/authress.mjs';
import { filesOf } from '../../e2e/support/snippets.mjs';
import { startStack } from '../../e2e/support/stack.mjs';
import { StaticServer, assertNoJavaScriptForm, launchAt, pack, seconds, workspace } from '../support.mjs';
import { SHORT_LIST, TOOLS } from './catalog.mjs';
import { Gateway } from './gateway.mjs';
import { report, run, serve } from './program.mjs';
import { installPackage, prepare } from './project.mjs';
import { firstSnippet } from './snippet.mjs';
import { writeRows } from './table.mjs';

/**
 * @import { Browser } from '../../e2e/support/browser.mjs'
 * @import { Stack } from '../../e2e/support/stack.mjs'
 * @import { ServerCommand, Tool } from './catalog.mjs'
 * @import { Row } from './table.mjs'
 */

/** @typedef {Awaited<ReturnType<typeof prepare>>} Project */
/** @typedef {Awaited<ReturnType<typeof serve>>} Server */

const named = process.env.TOOLS?.split(',').filter(Boolean) ?? SHORT_LIST;
const unknown = named.filter((name) => name !== 'all' && !TOOLS.some((tool) => tool.name === name));
assert.deepEqual(unknown, [], `TOOLS may name ${TOOLS.map(({ name }) => name).join(', ')}`);
const chosen = TOOLS.filter(({ name }) => named.includes('all') || named.includes(name));
const BUTTON = 'Add to cart';
/** How long a page may take, in milliseconds: development servers compile on demand. */
const PATIENCE_MS = 120_000;

describe('the first example of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  /** @type {Stack} */
  let stack;
  /** @type {Authress} */
  let authress;
  /** @type {Gateway} */
  let gateway;
  /** @type {StaticServer} */
  let files;
  /** @type {Browser} */
  let browser;
  /** @type {string} */
  let tarball;
  /** @type {Row[]} */
  const rows = [];

  before(async () => {
    tarball = pack(folder).file;
    stack = await startStack('localhost');
    authress = new Authress(stack);
    gateway = await Gateway.start();
    files = await StaticServer.start({});
    browser = await launchAt(stack, gateway.port);
  });
  after(async () => {
    await browser?.close();
    gateway?.stop();
    files?.stop();
    await stack?.stop();
    rmSync(folder, { recursive: true });
    if (process.env.WRITE_DOCS) writeRows(rows);
  });

  for (const tool of chosen) {
    test(`works with ${tool.name}`, { timeout: 60 * 60_000 }, async () => {
      /** @type {Set<string>} */
      const warnings = new Set();
      /** @type {Row} */
      const row = { tool, warnings: [] };
      /** @type {string[]} */
      const failures = [];
      /**
       * Fills a cell of the table with the result or the failure of a step.
       * @param {string} name
       * @param {() => Promise<string>} action
       */
      const step = async (name, action) => {
        const began = performance.now();
        try {
          row[name] = (await action()) ?? seconds(performance.now() - began);
          report(`${tool.name}: ${name}: ok`);
          return true;
        } catch (error) {
          row[name] = `**fails**: ${String(error.message).split('\n')[0].slice(0, 300)}`;
          failures.push(`${name}: ${error.message}`);
          report(`${tool.name}: ${name}: ${error.message}`);
          return false;
        }
      };
      /** @type {Project | undefined} */
      let prepared;
      await step('install', async () => {
        report(`${tool.name}: npm install`);
        const examples = tool.examples ? filesOf(tool.examples.page, tool.examples.heading) : {};
        const project = await prepare(tool, firstSnippet(stack, tool.entry), examples, {
          authressApiUrl: stack.sandboxUrl,
          applicationId: stack.applicationId,
          anonymousConnectionId: stack.shopperConnectionId,
        });
        const began = performance.now();
        await installPackage(project, tarball, readFileSync(join(workspace, 'pkg/dist/index.js')));
        prepared = project;
        Object.assign(row, { version: project.version, node: project.node });
        return seconds(performance.now() - began);
      });
      const project = prepared;
      if (project && tool.check) await step('tests', () => check(tool, project));
      if (project && tool.build && (await step('build', () => build(tool, project, warnings)))) {
        if (tool.files) {
          files.serve(join(project.folder, tool.files));
          if (tool.isPrerendered) await step('render', () => isRendered(tool, files.port));
          await step('built', () => signIn(tool, files.port, warnings));
        } else {
          assert.ok(tool.server);
          await withServer(tool.server, project, async ({ port, program }) => {
            if (await step('render', () => isRendered(tool, port, program)))
              await step('built', () => signIn(tool, port, warnings));
            assert.equal(program.exitCode, null, `the server has ended: ${program.output.slice(-3000)}`);
          }).catch((error) =>
            step('render', () => {
              throw error;
            }),
          );
        }
      }
      if (project && tool.dev) {
        await withServer(tool.dev, project, async ({ port, program }) => {
          const isThere = !tool.rendersOnServer || (await step('devRender', () => isRendered(tool, port, program)));
          if (isThere) await step('dev', () => signIn(tool, port, warnings, true));
        }).catch((error) =>
          step('dev', () => {
            throw error;
          }),
        );
      }
      row.warnings = [...warnings];
      rows.push(row);
      assert.ok(failures.length === 0, failures.join('\n'));
      assert.deepEqual(
        row.warnings.filter((text) => /authress|wasm|\bfallback\b/i.test(text)),
        [],
        'no tool warns about the package',
      );
    });
  }

  /**
   * @param {Tool} tool
   * @param {Project} project
   */
  async function check({ check: command = [] }, { where }) {
    const settings = JSON.stringify({
      authressApiUrl: stack.sandboxUrl,
      applicationId: stack.applicationId,
      connectionId: stack.shopperConnectionId,
      shopUrl: stack.shopUrl,
      controlUrl: stack.sandboxControlUrl,
    });
    const output = await run(command, { ...where, env: { STACK: settings } });
    return output.match(/^result: (.*)$/m)?.[1] ?? 'pass';
  }

  /**
   * @param {Tool} tool
   * @param {Project} project
   * @param {Set<string>} warnings
   */
  async function build({ build: command = [] }, { where }, warnings) {
    const began = performance.now();
    const output = await run(command, { ...where, env: { NODE_ENV: 'production' } });
    for (const line of output.split('\n'))
      if (/\bwarn(ing)?\b|\(!\)/i.test(line)) warnings.add(line.trim().slice(0, 200));
    return seconds(performance.now() - began);
  }

  /**
   * @param {ServerCommand} command
   * @param {Project} project
   * @param {(server: Server) => Promise<void>} action
   */
  async function withServer(command, { where }, action) {
    const server = await serve(command, where);
    try {
      await action(server);
    } finally {
      await server.stop();
    }
  }

  /**
   * Checks that the server renders the page, and does not end by it.
   * @param {Tool} tool
   * @param {number} port
   * @param {Server['program']} [program]
   */
  async function isRendered(tool, port, program) {
    for (let visit = 0; visit < 3; visit++) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html' } });
      const text = await response.text();
      assert.equal(
        response.status,
        200,
        `rendering on the server: ${text.slice(0, 500)} ${program?.output.slice(-1000)}`,
      );
      assert.ok(text.includes(BUTTON), `the server's page has no button: ${text.slice(0, 1000)}`);
      if (tool.binding) {
        assert.match(text, /data-status="checking"/, 'the server does not know the session');
        assert.match(text, /id="guest"/, 'the server renders the buttons');
        assert.doesNotMatch(text, /id="leave"/, 'only an anonymous shopper has this button');
      }
    }
    if (program) {
      assert.equal(program.exitCode, null, `the server has ended: ${program.output.slice(-3000)}`);
      assert.doesNotMatch(program.output, /LoginError|unhandled/i);
    }
    return 'ok';
  }

  /**
   * @param {Tool} tool
   * @param {number} port
   * @param {Set<string>} warnings
   */
  async function signIn(tool, port, warnings, isDev = false) {
    gateway.forwardTo(port);
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    /** @type {string[]} */
    const complaints = [];
    /** @type {string[]} */
    const requested = [];
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
        if (message.type() !== 'warning') return;
        if (/hydrat|mismatch/i.test(message.text())) complaints.push(message.text());
        warnings.add(message.text().slice(0, 200));
      });
      page.on('request', (request) => requested.push(request.url()));
      /**
       * Waits until the application runs, also after reloads and redirects; fails with the errors of the page.
       * @param {boolean} isNew whether it must be another page than before
       * @param {number} [timeout]
       */
      const isRunning = async (isNew, timeout = PATIENCE_MS) => {
        try {
          await page.waitForFunction((another) => window.shop && !(another && window.isBefore), isNew, { timeout });
        } catch (error) {
          assert.fail(`${error.message} ${page.url()} ${complaints.join(' ')} ${(await page.content()).slice(0, 300)}`);
        }
      };
      await page.goto(`${stack.shopUrl}/`);
      if (isDev && tool.needsReload) {
        const isBroken = await isRunning(false, 20_000).then(
          () => complaints.length > 0,
          () => true,
        );
        if (isBroken) warnings.add('dev: the first page needs a reload');
        complaints.length = 0;
        // It fails if the development server reloads the page at the same time.
        await page.reload().catch(() => {});
      }
      await isRunning(false);
      // A development server may find the package late and reload the page.
      await page.waitForLoadState('networkidle');
      await isRunning(false);
      await page.evaluate(() => {
        window.isBefore = true;
      });
      const began = performance.now();
      await page.click('#cart');
      // To Authress and the verifier, and back.
      await isRunning(true);
      const token = await page.evaluate(() => window.shop.cartToken());
      const time = performance.now() - began;
      const { sub } = await authress.verify(token);
      assert.match(sub, /^user_/);
      if (tool.binding) {
        await page.waitForSelector('#shopper[data-status="anonymous"]');
        // With the session known before the page is hydrated, and a button that the server has not rendered.
        await page.reload();
        await page.waitForSelector('#shopper[data-status="anonymous"]');
        assert.equal(await page.textContent('#shopper'), 'anonymous');
        await page.click('#leave');
        await page.waitForSelector('#shopper[data-status="signed-out"]');
        await page.waitForSelector('#leave', { state: 'detached' });
        await page.click('#guest');
        await page.waitForSelector('#shopper[data-status="anonymous"]');
        const another = await authress.verify(await page.evaluate(() => window.shop.cartToken()));
        assert.match(another.sub, /^user_/);
        assert.notEqual(another.sub, sub, 'the shopper has signed out and in again');
      }
      if (tool.countsSubscriptions) {
        assert.equal(await page.evaluate(() => window.subscriptions.size), 1);
        await page.evaluate(() => window.destroy());
        assert.equal(await page.evaluate(() => window.subscriptions.size), 0, 'no subscription is left behind');
      }
      if (!isDev) {
        const files = requested.map((url) => new URL(url)).filter(({ origin }) => origin === stack.shopUrl);
        await assertNoJavaScriptForm(files.map((url) => `http://127.0.0.1:${port}${url.pathname}${url.search}`));
      }
      assert.deepEqual(
        complaints.filter((text) => !/favicon\.ico/.test(text)),
        [],
      );
      return seconds(time);
    } finally {
      await context.close();
    }
  }
});

test('no server of a tool outlives the process that started it, even if that is killed', async () => {
  const serving =
    'require("http").createServer((_, response) => response.end("here")).listen(process.env.PORT, "127.0.0.1")';
  const starting = `
    import { serve } from ${JSON.stringify(new URL('program.mjs', import.meta.url).href)};
    const command = (port) => ({ words: [process.execPath, '-e', ${JSON.stringify(serving)}], env: { PORT: String(port) } });
    console.log((await serve(command, { folder: '.', path: [], env: {} })).port);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', starting], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(starter.stdout.setEncoding('utf8'), 'data');
  const isServed = () =>
    fetch(`http://127.0.0.1:${Number(port)}/`).then(
      () => true,
      () => false,
    );
  assert.ok(await isServed());
  starter.kill('SIGKILL');
  for (let wait = 0; await isServed(); wait++) {
    assert.ok(wait < 600, 'the server still responds a minute later');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
