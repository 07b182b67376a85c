// The servers under test: sandbox, verifier and shop on free ports, started by xtask.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { SERVERS_START_MS, SERVERS_STOP_MS } from './limits.mjs';
import { isSettled } from './watch.mjs';

export const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const xtask = process.env.XTASK ?? `${workspace}target/debug/xtask`;

/**
 * Starts the servers; gives their description as `xtask stack --json` prints it, and `stop()`.
 * @param topology 'localhost', 'https' or 'cross-site'
 * @param authorizationUrl where the sandbox sends anonymous shoppers instead of to the verifier
 */
export async function startStack(topology, authorizationUrl) {
  assert.ok(existsSync(xtask), `${xtask} is missing: run cargo xtask build`);
  const args = ['stack', '--topology', topology, '--json'];
  if (authorizationUrl) args.push('--authorization-url', authorizationUrl);
  // The servers stop when this end of the pipe closes, however this process ends.
  const child = spawn(xtask, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  child.stdin.on('error', () => {});
  const firstLine = new Promise((resolve) => createInterface(child.stdout).once('line', resolve));
  // What `xtask` has started ends with it, in whatever way.
  const endWithin = async (limitMs, ending) => {
    if (!(await isSettled(ending, limitMs))) child.kill('SIGKILL');
    return String(await Promise.race([ending, exited]));
  };
  const line = await endWithin(SERVERS_START_MS, Promise.race([firstLine, exited]));
  assert.match(line, /^\{/, `the servers did not start (${line}): ${complaints}`);
  const stop = async () => {
    child.stdin.end();
    assert.equal(await endWithin(SERVERS_STOP_MS, exited), '0', `the servers did not end well: ${complaints}`);
  };
  return { ...JSON.parse(line), stop };
}
