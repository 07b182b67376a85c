// The package in the tools that newcomers have: installed as the README says, with its first example unchanged, built,
// rendered on the server, and a shopper gets a session in a real browser. TOOLS names the tools, or `all`; without it the
// short list runs. `cargo xtask bundlers` runs all and writes docs/bundlers.md.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Authress } from '../../e2e/support/authress.mjs';
import { launch } from '../../e2e/support/browser.mjs';
import { startStack } from '../../e2e/support/stack.mjs';
import { StaticServer, pack, workspace } from '../support.mjs';
import { SHORT_LIST, TOOLS } from './catalog.mjs';
import { Gateway } from './gateway.mjs';
import { run, say, serve } from './program.mjs';
import { installPackage, prepare } from './project.mjs';
import { firstSnippet } from './snippet.mjs';
import { writeRows } from './table.mjs';

const named = process.env.TOOLS?.split(',').filter(Boolean) ?? SHORT_LIST;
const unknown = named.filter((name) => name !== 'all' && !TOOLS.some((tool) => tool.name === name));
assert.deepEqual(unknown, [], `TOOLS may name ${TOOLS.map(({ name }) => name).join(', ')}`);
const chosen = TOOLS.filter(({ name }) => named.includes('all') || named.includes(name));
const BUTTON = 'Add to cart';
/** How long a page may take, in milliseconds: development servers compile when they are asked. */
const PATIENCE_MS = 120_000;

describe('the first example of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  let stack;
  let authress;
  let gateway;
  let files;
  let browser;
  let tarball;
  let javaScriptForm;
  const rows = [];

  before(async () => {
    tarball = pack(folder).file;
    // Data of the module, which stand in the JavaScript form as base64 and nowhere else.
    [javaScriptForm] = readFileSync(join(workspace, 'pkg/dist/fallback.js'), 'utf8').match(/[A-Za-z0-9+/]{80}/);
    stack = await startStack('localhost');
    authress = new Authress(stack);
    gateway = await Gateway.start();
    files = await StaticServer.start({});
    // Authress knows the shop's address; behind it are the tools' servers now.
    const rule = `--host-resolver-rules=MAP ${new URL(stack.shopUrl).host} 127.0.0.1:${gateway.port}`;
    browser = await launch({ ...stack, browserArgs: [...stack.browserArgs, rule] });
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
      const row = { tool };
      const failures = [];
      /** A cell of the table: what the step gives, or why it fails. */
      const step = async (name, action) => {
        const began = performance.now();
        try {
          row[name] = (await action()) ?? seconds(performance.now() - began);
          say(`${tool.name}: ${name}: ok`);
          return true;
        } catch (error) {
          row[name] = `**fails**: ${String(error.message).split('\n')[0].slice(0, 300)}`;
          failures.push(`${name}: ${error.message}`);
          say(`${tool.name}: ${name}: ${error.message}`);
          return false;
        }
      };
      const warnings = new Set();
      let project;
      const installed = await step('install', async () => {
        say(`${tool.name}: npm install`);
        project = await prepare(tool, firstSnippet(stack, tool.entry), {
          authressApiUrl: stack.sandboxUrl,
          applicationId: stack.applicationId,
        });
        const began = performance.now();
        await installPackage(project, tarball, readFileSync(join(workspace, 'pkg/dist/index.js')));
        Object.assign(row, { version: project.version, node: project.node });
        return seconds(performance.now() - began);
      });
      if (installed && tool.check) await step('tests', () => check(tool, project));
      if (installed && tool.build && (await step('build', () => build(tool, project, warnings)))) {
        if (tool.files) {
          files.serve(join(project.folder, tool.files));
          if (tool.isPrerendered) await step('render', () => isRendered(tool, files.port));
          await step('built', () => signIn(tool, files.port, warnings));
        } else {
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
      if (installed && tool.dev) {
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
        'no tool warns of the package',
      );
    });
  }

  async function check(tool, { where }) {
    const settings = JSON.stringify({
      authressApiUrl: stack.sandboxUrl,
      applicationId: stack.applicationId,
      connectionId: stack.shopperConnectionId,
      shopUrl: stack.shopUrl,
      controlUrl: stack.sandboxControlUrl,
    });
    const output = await run(tool.check, { ...where, env: { STACK: settings } });
    return output.match(/^result: (.*)$/m)?.[1] ?? 'pass';
  }

  async function build(tool, { where }, warnings) {
    const began = performance.now();
    const output = await run(tool.build, { ...where, env: { NODE_ENV: 'production' } });
    for (const line of output.split('\n'))
      if (/\bwarn(ing)?\b|\(!\)/i.test(line)) warnings.add(line.trim().slice(0, 200));
    return seconds(performance.now() - began);
  }

  async function withServer(command, { where }, action) {
    const server = await serve(command, where);
    try {
      await action(server);
    } finally {
      await server.stop();
    }
  }

  /** The page is there before any script runs, and rendering it leaves the server alive. */
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
      if (tool.binding) assert.match(text, /data-status="checking"/, 'a server does not know the session');
    }
    if (program) {
      assert.equal(program.exitCode, null, `the server has ended: ${program.output.slice(-3000)}`);
      assert.doesNotMatch(program.output, /LoginError|unhandled/i);
    }
    return 'ok';
  }

  /** Found by what is in it, since bundlers name files as they like. */
  async function assertNoJavaScriptForm(port, requested) {
    for (const { origin, pathname, search } of [...new Set(requested)].map((url) => new URL(url))) {
      if (origin !== stack.shopUrl) continue;
      const response = await fetch(`http://127.0.0.1:${port}${pathname}${search}`);
      const isForm =
        /javascript/.test(response.headers.get('content-type')) && (await response.text()).includes(javaScriptForm);
      assert.ok(!isForm, `${pathname} has the form for browsers without WebAssembly, which this one does not need`);
    }
  }

  async function signIn(tool, port, warnings, isDev = false) {
    gateway.leadTo(port);
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    const complaints = [];
    const requested = [];
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
        if (message.type() === 'warning') warnings.add(message.text().slice(0, 200));
      });
      page.on('request', (request) => requested.push(request.url()));
      /** Until the application runs, also after reloads and redirects; fails with the errors of the page. */
      const isRunning = async (isNew, timeout = PATIENCE_MS) => {
        try {
          await page.waitForFunction((isNew) => window.shop && !(isNew && window.isBefore), isNew, { timeout });
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
        // Interrupted if the development server reloads the page just now.
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
      // Gone to Authress and the verifier, and back.
      await isRunning(true);
      const token = await page.evaluate(() => window.shop.cartToken());
      const time = performance.now() - began;
      const { sub } = await authress.verify(token);
      assert.match(sub, /^user_/);
      if (tool.binding) {
        await page.waitForSelector('#shopper[data-status="signed-in"]');
        // With the session known before the page is hydrated.
        await page.reload();
        await page.waitForSelector('#shopper[data-status="signed-in"]');
        assert.equal(await page.textContent('#shopper'), 'signed-in');
      }
      if (!isDev) await assertNoJavaScriptForm(port, requested);
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

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
