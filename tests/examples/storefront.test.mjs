// docs/storefront.md, as a reader follows it: its commands run in an empty folder, its files are written, and a browser sees
// what the page says. Only ports differ, and `cargo`, whose build has run before this test.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch } from '../e2e/support/browser.mjs';
import { PATIENCE_MS } from '../e2e/support/limits.mjs';
import { freePort } from '../e2e/support/ports.mjs';
import { workspace } from '../e2e/support/stack.mjs';
import { until } from '../e2e/support/until.mjs';

/** @import { ChildProcess } from 'node:child_process' */

/** A code block: its language, the file that it is, and whether it is added to the end of that file. */
/** @typedef {{ language: string, code: string, file?: string, isContinued?: boolean }} Block */
/** @typedef {{ blocks: Block[], text: string, sights: RegExp[] }} Section */

/** What npm installs from its registry; the test takes them from its own dependencies. */
const DEPENDENCIES = ['express', 'jose'];

const folder = mkdtempSync(join(tmpdir(), 'storefront-'));
const shop = join(folder, 'my-shop');
const archives = join(folder, 'target');
mkdirSync(archives);
/** @type {ChildProcess[]} */
const servers = [];
/** What the last command has written. */
let output = '';

after(async () => {
  for (const server of servers) {
    // With its children: `npx` starts the sandbox.
    process.kill(-Number(server.pid));
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
  rmSync(folder, { recursive: true });
});

const ports = new Map([
  ['8888', String(await freePort())],
  ['3000', String(await freePort())],
]);
/** @param {string} text */
const withPorts = (text) => text.replace(/\b(?:8888|3000)\b/g, (port) => ports.get(port) ?? port);

const sections = readSections(withPorts(readFileSync(join(workspace, 'docs/storefront.md'), 'utf8')));

/**
 * The numbered steps of the page.
 * @param {string} page
 * @returns {Section[]}
 */
function readSections(page) {
  return page
    .split(/^## (?=\d\. )/m)
    .slice(1)
    .map((section) => {
      const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => {
        const [, file, continued] = /^(?:\/\/|<!--) (\S+\.\w+)(, continued)?(?: -->)?\n/.exec(code) ?? [];
        return { language, code, file, isContinued: continued !== undefined };
      });
      const text = section.replace(/^```[\s\S]*?^```$/gm, '').replace(/\s+/g, ' ');
      return { blocks, text, sights: sightsIn(text) };
    });
}

/**
 * What the page says that a browser shows: the quotations after "What you see". A user id stands there as `user_…`.
 * @param {string} text
 */
function sightsIn(text) {
  const [, ...sights] = text.split('**What you see:**');
  const quotations = sights.flatMap((sight) => [...sight.matchAll(/"([^"]+)"/g)]);
  return quotations.map(([, shown]) => new RegExp(shown.replace(/[.?]/g, '\\$&').replaceAll('…', '\\w+')));
}

/**
 * Carries out the commands of a section and writes its files.
 * @param {Section} section
 */
async function follow({ blocks }) {
  for (const { language, code, file, isContinued } of blocks) {
    if (file) {
      assert.equal(existsSync(join(shop, file)), isContinued, file);
      mkdirSync(dirname(join(shop, file)), { recursive: true });
      appendFileSync(join(shop, file), code);
    } else if (language === 'sh') for (const line of code.trim().split('\n')) await run(line);
    else assert.ok(output.includes(code.trim()), `the page shows\n${code}\nand the command has written\n${output}`);
  }
}

/**
 * Runs a command of the page.
 * @param {string} line
 */
async function run(line) {
  if (line === 'cargo xtask build --only-package && cargo xtask sandbox-package') return;
  if (line === 'cd ../my-shop') return assert.ok(existsSync(shop));
  if (/^(?:npx|node) /.test(line)) return start(line);
  const isInClone = line.startsWith('npm ');
  const command = isInClone ? inClone(line) : line;
  output = execFileSync('sh', ['-ec', command], {
    cwd: isInClone ? workspace : shop,
    encoding: 'utf8',
    env: { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (line.startsWith('npm install'))
    for (const name of DEPENDENCIES)
      symlinkSync(
        dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))),
        join(shop, 'node_modules', name),
      );
}

/**
 * A command of the clone, with the folders of this test.
 * @param {string} line
 */
function inClone(line) {
  const moved = line
    .replace('--pack-destination target', `--pack-destination ${archives}`)
    .replace('../my-shop', shop)
    .replace('./target/', `${archives}/`);
  assert.ok(moved.includes(folder), line);
  return moved.replace(/ (\w+)@\d+/g, (_, name) => {
    assert.ok(DEPENDENCIES.includes(name), name);
    return '';
  });
}

/**
 * Starts a server, and waits until it says that it is ready and has written the rest of its first lines.
 * @param {string} line
 */
async function start(line) {
  const isSandbox = line === 'npx authress-login-sandbox';
  const flags = isSandbox ? ` --port ${ports.get('8888')} --redirect-url http://localhost:${ports.get('3000')}` : '';
  const server = spawn('sh', ['-c', `exec ${line}${flags} 2>&1`], {
    cwd: shop,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  const lines = createInterface(server.stdout);
  output = '';
  for await (const written of lines) {
    output += `${written}\n`;
    if ((isSandbox ? /^requests as they happen/ : /^ready /).test(written)) return;
  }
  throw new Error(`${line} has ended:\n${output}`);
}

test('a reader of docs/storefront.md gets a shop that keeps the cart through the sign-in', async () => {
  const [install, sandbox, api, page, add, signIn, existing] = sections;
  assert.equal(sections.length, 7);
  for (const section of [install, sandbox, api, page]) await follow(section);
  for (const name of ['package.json', 'package-lock.json', 'node_modules'])
    assert.ok(existsSync(join(shop, name)), name);
  assert.ok(api.text.includes(`ready http://localhost:${ports.get('3000')}`));

  const browser = await launch({ browserArgs: [] });
  try {
    const tab = await (await browser.newContext()).newPage();
    tab.setDefaultTimeout(PATIENCE_MS);
    /** @type {string[]} */
    const problems = [];
    tab.on('pageerror', (error) => problems.push(String(error)));
    tab.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    const shown = async () => `${await tab.locator('#cart').innerText()} ${await tab.locator('#notice').innerText()}`;
    /** @param {RegExp[]} sights */
    const shows = async (...sights) => {
      assert.ok(sights.length > 0);
      for (const sight of sights) await until(async () => sight.test(await shown()) || (await shown()), true);
    };
    /** @type {(section: Section, label: string) => Promise<void>} */
    const press = async ({ text }, label) => {
      assert.ok(text.includes(`*${label}*`), `the page says to press ${label}`);
      await tab.getByRole('button', { name: label }).click();
    };
    const userId = async () => /user_\w+/.exec(await shown())?.[0];
    const [, address] = /Open `(\S+)`\./.exec(page.text) ?? [];

    await tab.goto(address);
    await shows(...page.sights);

    await follow(add);
    await tab.reload();
    await press(add, 'Add a mug to the cart');
    await shows(...add.sights);
    const anonymous = await userId();
    await press(add, 'Add a mug to the cart');
    await shows(/Mugs in your cart: 2\./);
    await tab.reload();
    await shows(/Mugs in your cart: 2\./);
    assert.equal(await userId(), anonymous);

    await follow(signIn);
    await tab.reload();
    await press(signIn, 'Sign in');
    await press(signIn, 'Ada Lovelace');
    await shows(...signIn.sights);
    assert.equal(await userId(), anonymous);

    const other = await tab.context().newPage();
    await other.goto(address);
    const otherCart = () => other.locator('#cart').innerText();
    await until(async () => signIn.sights[0].test(await otherCart()) || (await otherCart()), true);
    const [signedOut, ...kept] = existing.sights;
    await press(existing, 'Sign out');
    await shows(signedOut);
    await until(async () => signedOut.test(await otherCart()) || (await otherCart()), true, 'the other tab');
    await other.close();
    await tab.getByRole('button', { name: 'Add a mug to the cart' }).click();
    await shows(/You have no account\. Mugs in your cart: 1\./);
    const second = await userId();
    assert.notEqual(second, anonymous);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await press(existing, 'Ada Lovelace');
    await shows(...kept);
    assert.equal(await userId(), second);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});
