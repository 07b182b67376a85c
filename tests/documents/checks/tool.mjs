// Programs of the system that check blocks.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

// Debian keeps servers outside of PATH for users other than root.
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
/** @type {Map<string, boolean>} */
const found = new Map();

/**
 * Whether a program is installed.
 * @param {string} program
 */
export function isInstalled(program) {
  const known = found.get(program);
  if (known !== undefined) return known;
  const isThere = spawnSync(program, ['--help'], { env: environment, stdio: 'ignore' }).error === undefined;
  found.set(program, isThere);
  return isThere;
}

/**
 * Why a test that needs a program is skipped, undefined if it is not.
 * @param {string | undefined} program
 */
export const reasonToSkip = (program) =>
  program === undefined || isInstalled(program)
    ? undefined
    : `${program} is not installed: \`cargo xtask setup\` installs it`;

/**
 * Runs a program.
 * @param {string} program
 * @param {string[]} words
 * @param {string} [input]
 */
export function run(program, words, input = '') {
  const { status, stdout, stderr, error } = spawnSync(program, words, { env: environment, input, encoding: 'utf8' });
  if (error) throw error;
  return { status, stdout, stderr };
}

/**
 * Calls a function with a temporary folder.
 * @template Result
 * @param {(folder: string) => Result} call
 */
export function inFolder(call) {
  const folder = mkdtempSync(join(tmpdir(), 'document-'));
  try {
    return call(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
