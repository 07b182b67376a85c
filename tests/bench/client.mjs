// node tests/bench/client.mjs [--samples N] [--quick] [--baseline FOLDER]: this login client beside the published one, and
// beside an earlier build of its own (the `dist` folder of it), in one run. Writes docs/benchmarks.json, docs/charts and a
// part of docs/benchmarks.md; --quick takes few samples and writes into target/bench-client instead.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

import { withBench } from './client/bench.mjs';
import { clients as clientsUnderTest, workspace } from './client/pages.mjs';
import { recordings } from './client/recordings.mjs';
import { results, write } from './client/report.mjs';
import { firstVisit, pressed, round, searches, signedOut } from './client/rounds.mjs';
import { CONDITION_NAMES } from './client/shopper.mjs';

/**
 * @import { Bench } from './client/bench.mjs'
 * @import { ClientName } from './client/pages.mjs'
 * @import { Facts } from './client/report.mjs'
 * @import { Samples, Values } from './client/rounds.mjs'
 * @import { Condition } from './client/shopper.mjs'
 */

const { values: options } = parseArgs({
  options: {
    samples: { type: 'string' },
    quick: { type: 'boolean', default: false },
    baseline: { type: 'string' },
  },
});
const count = Number(options.samples ?? (options.quick ? 3 : 15));
if (!Number.isInteger(count) || count < 1) throw new Error('--samples: a whole number');
/** After this time no further sample is begun: the report says how many there are. */
const LIMIT_MS = 25 * 60_000;
/** How often each part is recorded, and how many searches each client makes. */
const RECORDINGS = options.quick ? 1 : 3;
const SEARCHES = options.quick
  ? { ours: 100, baseline: 100, reference: 10 }
  : { ours: 500, baseline: 500, reference: 60 };
const SEARCH_PORTIONS = 5;

const conditions = CONDITION_NAMES.filter((condition) => !options.quick || condition !== '4x');
const clients = clientsUnderTest(options.baseline);
const names = /** @type {ClientName[]} */ (Object.keys(clients));
const samples = /** @type {Samples} */ (
  Object.fromEntries(
    conditions.map((condition) => [condition, Object.fromEntries(names.map((client) => [client, {}]))]),
  )
);
const loadBefore = loadavg()[0].toFixed(1);
const startedAt = performance.now();
/** @type {(text: string) => void} */
const say = (text) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/**
 * Runs `act` for each client. The order rotates, so that no client always has the warmer machine.
 * @param {number} turn
 * @param {(client: ClientName) => void | Promise<void>} act
 */
async function inTurn(turn, act) {
  const first = Math.max(turn, 0) % names.length;
  for (const client of [...names.slice(first), ...names.slice(0, first)]) await act(client);
}

/**
 * @param {Condition} condition
 * @param {ClientName} client
 * @param {Values} values
 */
function keep(condition, client, values) {
  const kept = samples[condition][client];
  for (const [measure, list] of Object.entries(values)) (kept[measure] ??= []).push(...list);
}

let taken = 0;
/** @param {Bench} bench */
async function measure(bench) {
  for (let turn = -1; turn < count && performance.now() - startedAt < LIMIT_MS; turn += 1) {
    say(turn < 0 ? 'warming up' : `sample ${turn + 1} of ${count}`);
    for (const condition of conditions) {
      await inTurn(turn, async (client) => {
        const values = await round(bench, client, condition);
        const { at, bytes } = await signedOut(bench, client, condition);
        if (turn >= 0) keep(condition, client, { ...values, signedOut: [at], signedOutBytes: [bytes] });
      });
    }
    taken = turn + 1;
  }
  say('hash searches');
  for (let turn = 0; turn < SEARCH_PORTIONS; turn += 1) {
    await inTurn(turn, async (client) =>
      keep('1x', client, { search: await searches(bench, client, '1x', SEARCHES[client] / SEARCH_PORTIONS) }),
    );
  }
  for (const condition of conditions) {
    say(`recordings, ${condition}`);
    for (let turn = 0; turn < RECORDINGS; turn += 1) {
      await inTurn(turn, async (client) => keep(condition, client, await recordings(bench, client, condition)));
    }
  }
  return bench.browser.version();
}

/** @param {Bench} bench */
async function measureSameSite(bench) {
  say('no session, first visits and presses, one site');
  for (let turn = -1; turn < taken; turn += 1) {
    for (const condition of conditions) {
      await inTurn(turn, async (client) => {
        const { at } = await signedOut(bench, client, condition);
        const visit = await firstVisit(bench, client, condition, 'visit');
        const press = await pressed(bench, client, condition, 'press');
        // The published client cannot stay on the page, nor can the first builds of this one.
        const stays = clients[client]?.canStay;
        const values = {
          signedOutSameSite: [at],
          visitSameSite: [visit],
          visitBackground: [stays ? await firstVisit(bench, client, condition, 'stay') : visit],
          press: [press],
          pressBackground: [stays ? await pressed(bench, client, condition, 'press-stay') : press],
        };
        if (turn >= 0) keep(condition, client, values);
      });
    }
  }
}

/** @type {(name: string) => string} */
const version = (name) =>
  JSON.parse(readFileSync(join(workspace, 'tests/node_modules', name, 'package.json'), 'utf8')).version;

/**
 * @param {string} chromium its version
 * @returns {Facts}
 */
function facts(chromium) {
  const [{ model }] = cpus();
  /** @type {(...words: string[]) => string} */
  const git = (...words) => execFileSync('git', words, { cwd: workspace, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'src', 'crates', 'pkg') !== '';
  const words = [
    'cargo xtask bench client',
    options.samples && `--samples ${options.samples}`,
    options.quick && '--quick',
    options.baseline && `--baseline ${basename(options.baseline)}`,
  ];
  return {
    command: words.filter(Boolean).join(' '),
    date: new Date().toISOString(),
    machine: {
      cpu: model,
      cores: cpus().length,
      memory: Math.round(totalmem() / 1e9),
      loadBefore,
      loadAfter: loadavg()[0].toFixed(1),
    },
    versions: {
      chromium,
      node: process.versions.node,
      reference: version('@authress/login'),
      esbuild: version('esbuild'),
      ours: JSON.parse(readFileSync(join(workspace, 'pkg/package.json'), 'utf8')).version,
      commit: git('rev-parse', '--short', 'HEAD') + (isChanged ? ' and changes' : ''),
    },
    samples: taken,
  };
}

const chromium = await withBench(clients, 'cross-site', measure);
await withBench(clients, 'https', measureSameSite);
const docs = join(workspace, 'docs');
const folder = options.quick ? join(workspace, 'target/bench-client') : docs;
console.log(`\n${write(results(facts(chromium), samples), join(docs, 'benchmarks.md'), folder)}\n`);
say(`written to ${folder}`);
