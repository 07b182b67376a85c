// Takes fixes out of a copy of the source, one at a time, builds it, and tries the attacks that the fix stops: they must
// succeed. An attack that is refused without its fix too is stopped by something else, or is not tried as it should be.
//
//   node tests/attacks/without-fixes.mjs [TEXT …]
//
// tries the fixes whose name has one of these texts; without any, all of them. It writes without-fixes.json, from which
// docs/attacks.md has its table. The copy and its build stay in target/without-fixes.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { workspace } from '../e2e/support/stack.mjs';
import { FIXES, taken } from './fixes.mjs';

/** @import { Fix } from './fixes.mjs' */

const RESULTS = `${workspace}tests/attacks/without-fixes.json`;
const FOLDER = `${workspace}target/without-fixes`;
const COPY = `${FOLDER}/source/`;
const BUILDS = `${FOLDER}/build`;

const texts = process.argv.slice(2);
const chosen = FIXES.filter(({ id }) => texts.length === 0 || texts.some((text) => id.includes(text)));
if (chosen.length === 0) throw new Error(`no fix has this name; there are: ${FIXES.map(({ id }) => id).join(', ')}`);

const env = {
  ENGINE: 'chromium',
  CHROME: '/usr/bin/chromium',
  CHROMEDRIVER: '/usr/bin/chromedriver',
  CARGO_INCREMENTAL: '0',
  ...process.env,
  CARGO_TARGET_DIR: BUILDS,
  XTASK: `${BUILDS}/debug/xtask`,
};

/**
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
const run = (program, args, options = {}) =>
  spawnSync(program, args, { cwd: COPY, env, stdio: ['ignore', 'inherit', 'inherit'], ...options });

/** Copies what is tracked, and what will be, as it is now. Unchanged files keep their time, so that builds go on. */
function copySource() {
  const listed = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (listed.status !== 0) throw new Error('git lists no files');
  // Biome would take the copy's settings for a second root's.
  for (const file of String(listed.stdout)
    .split('\0')
    .filter((file) => file && file !== 'biome.jsonc')) {
    if (existsSync(`${workspace}${file}`)) copyFile(file);
    else rmSync(`${COPY}${file}`, { force: true });
  }
  mkdirSync(`${COPY}target`, { recursive: true });
  if (!existsSync(`${COPY}tests/node_modules`))
    symlinkSync(`${workspace}tests/node_modules`, `${COPY}tests/node_modules`);
}

/** @param {string} file */
function copyFile(file) {
  const [from, to] = [`${workspace}${file}`, `${COPY}${file}`];
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) return;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Whether each attempt succeeds without a fix.
 * @param {Fix} fix
 * @returns {Record<string, boolean>}
 */
function tryWithout({ id, changes, attempts }) {
  console.log(`\n== without: ${id}`);
  for (const change of changes) {
    const path = `${COPY}${change.file}`;
    writeFileSync(path, taken(change, readFileSync(path, 'utf8')));
  }
  const built = run('cargo', ['xtask', 'build']);
  if (built.status !== 0) throw new Error(`the source without “${id}” does not build`);
  const outcomes = `${COPY}target/attacks.json`;
  rmSync(outcomes, { force: true });
  // The test fails where an attack succeeds, as it should here; what happened is in the file.
  run(process.execPath, ['--test', '--test-reporter=dot', `${COPY}tests/attacks/attacks.test.mjs`], {
    env: { ...env, ONLY: `^(${attempts.map(escaped).join('|')})$` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  /** @type {Record<string, boolean>} */
  const all = JSON.parse(readFileSync(outcomes, 'utf8'));
  for (const change of changes) copyFile(change.file);
  return Object.fromEntries(
    attempts.map((name) => {
      if (!(name in all)) throw new Error(`this was not tried to its end: ${name}`);
      return [name, all[name]];
    }),
  );
}

copySource();
/** @type {Record<string, Record<string, boolean>>} */
const results = {};
for (const fix of chosen) {
  results[fix.id] = tryWithout(fix);
  console.table(results[fix.id]);
}

const table = Object.entries(results).flatMap(([id, outcomes]) =>
  Object.entries(outcomes).map(([attempt, isSuccessful]) => ({
    'without this fix': id,
    attempt,
    outcome: isSuccessful ? 'succeeds' : 'REFUSED',
  })),
);
console.table(table);
const recorded = { ...JSON.parse(readFileSync(RESULTS, 'utf8')), ...results };
const inOrder = Object.fromEntries(FIXES.map(({ id }) => [id, recorded[id]]));
writeFileSync(RESULTS, `${JSON.stringify(inOrder, null, 1)}\n`);
if (table.some(({ outcome }) => outcome !== 'succeeds')) {
  console.error('An attack is refused without its fix: something else stops it, or it is not tried as it should be.');
  process.exitCode = 1;
}
