// The programs of a tool: commands that end, and servers that are stopped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

import { freePort } from '../../e2e/support/ports.mjs';

/** @typedef {{ folder: string, path: string[], env: Record<string, string> }} Where the folder, search path and variables */

const supervisor = new URL('supervise.mjs', import.meta.url).pathname;
/** The limit of a command, and of a server until it responds. A slow machine needs a tenth of it. */
const LIMIT_MS = 10 * 60_000;
const HEARTBEAT_MS = 20_000;

/**
 * Prints the progress at once. Not on standard output, on which a file that `node --test` runs sends its results: Node.js 20
 * cannot read them with other text between them.
 * @param {string} text
 */
export const report = (text) => process.stderr.write(`  … ${text}\n`);

const quiet = {
  CI: 'true',
  NG_CLI_ANALYTICS: 'false',
  NUXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  PARCEL_WORKERS: '1',
  DO_NOT_TRACK: '1',
};

/**
 * @param {string[]} command
 * @param {Where} where
 */
function start(command, { folder, path, env }) {
  // The runner's own variables would make a tool's test runner, or its Node.js, behave in another way.
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_V8_COVERAGE, FORCE_COLOR, NO_COLOR, ...outer } = process.env;
  const child = spawn(process.execPath, [supervisor, ...command], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...outer, ...quiet, PATH: [...path, outer.PATH].join(':'), ...env },
  });
  child.stdin.on('error', () => {});
  const program = {
    output: '',
    /** @type {number | null} */
    exitCode: null,
    /** @type {Promise<number | null>} */
    exited: Promise.resolve(null),
    stop: async () => {
      child.stdin.end();
      await program.exited;
    },
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      program.output += stripVTControlCharacters(text);
    });
  }
  program.exited = new Promise((resolve) => {
    child.once('close', (code) => {
      program.exitCode = code;
      resolve(code);
    });
  });
  return program;
}

/**
 * Runs a command to its end; fails with the end of its output.
 * @param {string[]} command
 * @param {Where} where
 * @returns {Promise<string>} its output
 */
export async function run(command, where) {
  const program = start(command, where);
  const what = command
    .map((word) => word.replace(/^.*\//, ''))
    .join(' ')
    .slice(0, 80);
  const began = Date.now();
  const heartbeat = setInterval(
    () => report(`${what}: ${Math.round((Date.now() - began) / 1000)} s so far`),
    HEARTBEAT_MS,
  );
  const limit = setTimeout(program.stop, LIMIT_MS);
  try {
    const code = await program.exited;
    assert.equal(code, 0, `${what} ended with ${code}: ${program.output.trim().split('\n').slice(-30).join('\n')}`);
    return program.output;
  } finally {
    clearInterval(heartbeat);
    clearTimeout(limit);
    await program.stop();
  }
}

/**
 * Starts a server of a tool on a port of loopback, by default a free one, and waits until it responds.
 * @param {import('./catalog.mjs').ServerCommand} command
 * @param {Where} where
 * @param {number} [wantedPort]
 */
export async function serve(command, where, wantedPort) {
  const port = wantedPort ?? (await freePort());
  const { words, env } = command(port);
  const program = start(words, { ...where, env: { ...where.env, ...env } });
  const deadline = Date.now() + LIMIT_MS;
  try {
    while (true) {
      assert.equal(program.exitCode, null, `${words[0]} has ended: ${program.output.slice(-3000)}`);
      assert.ok(Date.now() < deadline, `${words[0]} does not respond: ${program.output.slice(-3000)}`);
      if (await responds(port)) break;
      await sleep(200);
    }
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { port, program, stop: program.stop };
}

/** @param {number} port */
async function responds(port) {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(60_000) })).text();
    return true;
  } catch {
    return false;
  }
}
