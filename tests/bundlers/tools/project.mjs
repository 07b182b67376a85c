// A newcomer's project: a folder outside of this workspace with the tool, the application and the packed package.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from './program.mjs';

const tools = fileURLToPath(new URL('.', import.meta.url));
/** The same folder as xtask's, which names it. */
const cache = join(process.env.TOOLS_CACHE ?? join(homedir(), '.cache/authress-login-wasm'), 'bundlers');
/** Dependencies of the pinned packages are resolved as of this day: the same on every machine, without lock files. */
const DAY = '2026-11-28';
/** For tools that need a newer Node.js than the one that runs this: one from npm. */
const NODE_22 = '22.23.5';

const npm = ['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', '--no-save', `--before=${DAY}`];

/**
 * Installs a tool, unless it is installed.
 * @param {Pick<import('./catalog.mjs').Tool, 'name' | 'scripts'>} tool
 */
export async function installTool({ name, scripts }) {
  const folder = join(cache, name);
  const wanted = readFileSync(join(tools, name, 'package.json'), 'utf8');
  const path = [join(folder, 'node_modules/.bin')];
  const node = await nodeFor(JSON.parse(wanted).engines?.node);
  if (node.folder) path.unshift(node.folder);
  const where = { folder, path, env: {} };

  const stamp = join(folder, 'node_modules/.installed');
  const state = `${DAY}\n${wanted}`;
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== state) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), wanted);
    await run(scripts ? npm : [...npm, '--ignore-scripts'], where);
    writeFileSync(stamp, state);
  }
  return { folder, where, wanted, node: node.version };
}

/**
 * Deletes an application, and what the tool has kept of it. What is installed stays.
 * @param {string} folder of an installed tool
 */
export function emptyTool(folder) {
  for (const entry of readdirSync(folder)) {
    if (entry !== 'node_modules') rmSync(join(folder, entry), { recursive: true });
  }
  for (const caches of ['.vite', '.cache', '.vite-temp', '.astro'])
    rmSync(join(folder, 'node_modules', caches), { recursive: true, force: true });
}

/**
 * Installs the tool, unless it is installed, and writes the application with the first example, and beside it the other
 * examples and the settings.
 * @param {import('./catalog.mjs').Tool} tool
 * @param {string} snippet
 * @param {Record<string, string>} examples
 * @param {object} settings
 */
export async function prepare(tool, snippet, examples, settings) {
  const { folder, where, wanted, node } = await installTool(tool);
  emptyTool(folder);
  cpSync(join(tools, tool.app ?? tool.name), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), wanted);
  if (tool.verifiesTokens) cpSync(join(tools, 'issuer.mjs'), join(folder, 'issuer.mjs'));
  const file = join(folder, tool.snippet);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, snippet);
  for (const [name, code] of Object.entries(examples)) writeFileSync(join(dirname(file), name), code);
  writeFileSync(join(dirname(file), 'settings.js'), `export const settings = ${JSON.stringify(settings)};\n`);
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', tool.package, 'package.json'), 'utf8'));
  return { folder, where, version, node };
}

/**
 * Installs the packed package as its README says, with the file instead of the name.
 * @param {{ folder: string, where: import('./program.mjs').Where }} project
 * @param {string} tarball
 * @param {Buffer} expected dist/index.js
 */
export async function installPackage({ folder, where }, tarball, expected) {
  const installed = join(folder, 'node_modules/authress-login-wasm');
  rmSync(installed, { recursive: true, force: true });
  await run([...npm, '--ignore-scripts', tarball], where);
  // npm may use a package of the same name and version from its cache.
  assert.deepEqual(
    readFileSync(join(installed, 'dist/index.js')),
    expected,
    'npm has installed this package and no older one',
  );
}

/**
 * A Node.js that a tool runs with; `folder` if it is not the one that runs this.
 * @param {string | undefined} range
 * @returns {Promise<{ version: string, folder?: string }>}
 */
async function nodeFor(range) {
  const own = process.versions.node;
  if (!range || atLeast(own, range)) return { version: own };
  assert.ok(atLeast(NODE_22, range), `${range} is newer than the Node.js here, ${own} and ${NODE_22}`);
  const folder = join(cache, 'node-22');
  const name = `node-${process.platform}-${process.arch}`;
  const program = join(folder, 'node_modules', name, 'bin');
  if (!existsSync(join(program, 'node'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    await run([...npm, '--ignore-scripts', `${name}@${NODE_22}`], { folder, path: [], env: {} });
  }
  return { version: NODE_22, folder: program };
}

/**
 * Whether a version is in a range like `>=22.17`. Others are not supported.
 * @param {string} version
 * @param {string} range
 */
function atLeast(version, range) {
  assert.match(range, /^>=[\d.]+$/);
  const [has, needs] = [version, range.slice(2)].map((text) => text.split('.').map(Number));
  const at = needs.findIndex((number, index) => has[index] !== number);
  return at < 0 || has[at] > needs[at];
}
