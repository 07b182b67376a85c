// The servers under test: sandbox, verifier and shop on free ports, started by xtask.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { SERVERS_START_MS, SERVERS_STOP_MS } from './limits.mjs';
import { settlesWithin } from './watchdog.mjs';

/**
 * `localhost`: shop and login on ports of this machine; `https`: on one site; `cross-site`: on two sites.
 * @typedef {'localhost' | 'https' | 'cross-site'} Topology
 */

/**
 * How the sandbox behaves where servers differ; its README describes both.
 * @typedef {'default' | 'strict'} Dialect
 */

/**
 * The running servers, as `xtask stack --json` describes them.
 * @typedef {object} StackDescription
 * @property {Topology} topology
 * @property {Dialect} dialect
 * @property {string} shopUrl
 * @property {string} sandboxUrl
 * @property {string} sandboxControlUrl
 * @property {string} verifierUrl
 * @property {string} verifierInternalUrl the verifier in plain HTTP, also where its clients use TLS
 * @property {string} localhostPage a redirect URL at which nothing listens
 * @property {string} applicationId
 * @property {string} extensionId
 * @property {string} shopperConnectionId the service client that signs anonymous shoppers in
 * @property {{ connectionId: string, name: string }[]} connections
 * @property {string} logs the folder of the servers' logs and of their certificate
 * @property {string[]} browserArgs of Chromium, so that it resolves the host names of the stack
 * @property {Record<string, string>} addresses `host:port` as pages use it, to the server's address
 * @property {{ certificate: string, privateKey: string } | null} tls
 */

/** @typedef {StackDescription & { stop: () => Promise<void> }} Stack */

/** @type {readonly Topology[]} */
export const TOPOLOGIES = ['localhost', 'https', 'cross-site'];

/**
 * The topologies of a block that runs in several: all of them, or with TOPOLOGIES=first or =last one. In the whole test run
 * the stories of the strict dialect, which differ more between topologies, run in all; those of the default dialect in the
 * first in Chromium, and in the last in other engines.
 * @param {readonly Topology[]} topologies
 */
export function eachOf(topologies) {
  const { TOPOLOGIES: chosen } = process.env;
  if (chosen === 'first') return topologies.slice(0, 1);
  if (chosen === 'last') return topologies.slice(-1);
  assert.ok(!chosen, `TOPOLOGIES is first or last, not ${chosen}`);
  return topologies;
}

/** @type {readonly Dialect[]} */
const DIALECTS = ['default', 'strict'];

/** The sandbox's dialect in this run. */
export const dialect = dialectNamed(process.env.DIALECT ?? 'default');

export const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const xtask = process.env.XTASK ?? `${workspace}target/debug/xtask`;

/**
 * Starts the servers.
 * @param {Topology} topology
 * @param {object} [options]
 * @param {string} [options.authorizationUrl] where the sandbox sends anonymous shoppers instead of to the verifier
 * @param {Dialect} [options.dialect] of the sandbox, if it is not that of the run
 * @param {boolean} [options.background] whether pages may follow logins in the background
 * @param {boolean} [options.ownership] whether Authress decides who may open a cart
 * @returns {Promise<Stack>}
 */
export async function startStack(
  topology,
  { authorizationUrl, dialect: spoken = dialect, background = false, ownership = false } = {},
) {
  assert.ok(existsSync(xtask), `${xtask} is missing: run cargo xtask build`);
  const args = ['stack', '--topology', topology, '--dialect', spoken, '--json'];
  if (authorizationUrl) args.push('--authorization-url', authorizationUrl);
  if (background) args.push('--background');
  if (ownership) args.push('--ownership');
  // The servers stop when this end of the pipe closes, however this process ends.
  const child = spawn(xtask, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  /** @type {Promise<number | string | null>} */
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  child.stdin.on('error', () => {});
  /** @type {Promise<string>} */
  const firstLine = new Promise((resolve) => {
    createInterface(child.stdout).once('line', resolve);
  });
  /** @type {(limitMs: number, result: Promise<unknown>) => Promise<string>} */
  const resultWithin = async (limitMs, result) => {
    // The servers end with `xtask`, even if that is killed.
    if (!(await settlesWithin(limitMs, result))) child.kill('SIGKILL');
    return String(await Promise.race([result, exited]));
  };
  const line = await resultWithin(SERVERS_START_MS, Promise.race([firstLine, exited]));
  assert.match(line, /^\{/, `the servers did not start (${line}): ${errors}`);
  const stop = async () => {
    child.stdin.end();
    assert.equal(await resultWithin(SERVERS_STOP_MS, exited), '0', `the servers did not stop well: ${errors}`);
  };
  return { ...JSON.parse(line), stop };
}

/** @param {string} name */
function dialectNamed(name) {
  const known = DIALECTS.find((dialect) => dialect === name);
  assert.ok(known, `DIALECT is ${DIALECTS.join(' or ')}, not ${name}`);
  return known;
}
