// Servers of this workspace that a test starts by itself, without a stack.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * The program of a server.
 * @param {string} name
 */
export function binary(name) {
  const path = fileURLToPath(new URL(`../../target/debug/${name}`, import.meta.url));
  assert.ok(existsSync(path), `${path} is missing: run cargo build -p ${name}`);
  return path;
}

/**
 * Starts a server that prints `ready {address}`.
 * @param {string} name
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<{ address: string, stop: () => Promise<void> }>}
 */
export async function start(name, args, env) {
  const child = spawn(binary(name), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  // Also when a test fails before it can stop the server.
  process.once('exit', () => child.kill());
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  /** @type {Promise<string>} */
  const ready = new Promise((resolve) => {
    createInterface(child.stdout).once('line', resolve);
  });
  const line = String(await Promise.race([ready, exited]));
  assert.match(line, /^ready http/, errors);
  const stop = async () => {
    child.kill('SIGTERM');
    assert.equal(await exited, 0, `${name} ends well`);
  };
  return { address: line.slice('ready '.length), stop };
}
