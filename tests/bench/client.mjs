// node tests/bench/client.mjs [--samples N] [--quick]: the published login client and this one, side by side in one
// run. Writes docs/benchmarks.json, docs/charts and a part of docs/benchmarks.md; --quick takes few samples and writes
// into target/bench-client instead.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { launchFor } from './client/browser.mjs';
import { startStack } from '../e2e/support/stack.mjs';
import { buildPages, CLIENTS, workspace } from './client/pages.mjs';
import { recordings } from './client/recordings.mjs';
import { results, write } from './client/report.mjs';
import { round, searches } from './client/rounds.mjs';
import { Server } from './client/server.mjs';
import { CONDITIONS } from './client/shopper.mjs';

const { values: options } = parseArgs({
  options: { samples: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const count = Number(options.samples ?? (options.quick ? 3 : 15));
if (!Number.isInteger(count) || count < 1) throw new Error('--samples: a whole number');
/** After this time no further sample is begun, however few there are: the report says how many. */
const LIMIT_MS = 15 * 60_000;
/** How often each part is recorded, and how many searches each client makes. */
const RECORDINGS = options.quick ? 1 : 3;
const SEARCHES = options.quick ? { ours: 100, reference: 10 } : { ours: 500, reference: 60 };

const conditions = Object.keys(CONDITIONS).filter((condition) => !options.quick || condition !== '4x');
const clients = Object.keys(CLIENTS);
const samples = Object.fromEntries(
  conditions.map((condition) => [condition, Object.fromEntries(clients.map((client) => [client, {}]))]),
);
const loadBefore = loadavg()[0].toFixed(1);
const began = performance.now();
const say = (text) => console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** Does `act` for both clients; who goes first changes, so that no side always has the warmer machine. */
async function inTurn(turn, act) {
  for (const client of turn % 2 === 0 ? clients : [...clients].reverse()) await act(client);
}

function keep(condition, client, values) {
  const kept = samples[condition][client];
  for (const [measure, list] of Object.entries(values)) (kept[measure] ??= []).push(...list);
}

let taken = 0;
async function measure(bench) {
  for (let turn = -1; turn < count && performance.now() - began < LIMIT_MS; turn += 1) {
    say(turn < 0 ? 'warming up' : `sample ${turn + 1} of ${count}`);
    for (const condition of conditions) {
      await inTurn(turn, async (client) => {
        const values = await round(bench, client, condition);
        if (turn >= 0) keep(condition, client, values);
      });
    }
    taken = turn + 1;
  }
  say('hash searches');
  const PORTIONS = 5;
  for (let turn = 0; turn < PORTIONS; turn += 1) {
    await inTurn(turn, async (client) =>
      keep('1x', client, { search: await searches(bench, client, '1x', SEARCHES[client] / PORTIONS) }),
    );
  }
  for (const condition of conditions) {
    say(`recordings, ${condition}`);
    for (let turn = 0; turn < RECORDINGS; turn += 1) {
      await inTurn(turn, async (client) => keep(condition, client, await recordings(bench, client, condition)));
    }
  }
}

const version = (name) =>
  JSON.parse(readFileSync(join(workspace, 'tests/node_modules', name, 'package.json'), 'utf8')).version;

function facts(browser) {
  const [{ model }] = cpus();
  const git = (...words) => execFileSync('git', words, { cwd: workspace, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'src', 'crates', 'pkg') !== '';
  return {
    command: ['cargo xtask bench client', options.samples && `--samples ${options.samples}`, options.quick && '--quick']
      .filter(Boolean)
      .join(' '),
    date: new Date().toISOString(),
    machine: {
      cpu: model,
      cores: cpus().length,
      memory: Math.round(totalmem() / 1e9),
      loadBefore,
      loadAfter: loadavg()[0].toFixed(1),
    },
    versions: {
      chromium: browser.version(),
      node: process.versions.node,
      reference: version('@authress/login'),
      esbuild: version('esbuild'),
      ours: JSON.parse(readFileSync(join(workspace, 'pkg/package.json'), 'utf8')).version,
      commit: git('rev-parse', '--short', 'HEAD') + (isChanged ? ' and changes' : ''),
    },
    samples: taken,
  };
}

const stack = await startStack('cross-site');
let server;
let browser;
try {
  const settings = { authressApiUrl: stack.sandboxUrl, applicationId: stack.applicationId };
  server = await Server.start(await buildPages({ settings, connectionId: stack.shopperConnectionId }), stack.logs);
  browser = await launchFor(stack, server.port);
  await measure({ browser, stack, server });
  const docs = join(workspace, 'docs');
  const folder = options.quick ? join(workspace, 'target/bench-client') : docs;
  console.log(`\n${write(results(facts(browser), samples), join(docs, 'benchmarks.md'), folder)}\n`);
  say(`written to ${folder}`);
} finally {
  await browser?.close();
  server?.stop();
  await stack.stop();
}
