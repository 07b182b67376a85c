// From samples to docs/benchmarks.json, the charts beside it and the tables of docs/benchmarks.md.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { between } from './between.mjs';
import { chart } from './chart.mjs';
import { MEASURES, TARGET_CONDITION, TASKS } from './measures.mjs';
import { CONDITION_NAMES } from './shopper.mjs';
import { summary } from './statistics.mjs';

/**
 * @import { Measure, Target } from './measures.mjs'
 * @import { ClientName } from './pages.mjs'
 * @import { Samples } from './rounds.mjs'
 * @import { Summary } from './statistics.mjs'
 */

/** @typedef {'median' | 'p90' | 'mean'} Kind */
/** @typedef {Record<Kind, number>} Ratio */
/** @typedef {Record<ClientName, Summary>} Summaries */
/** @typedef {{ condition: string, ratios: Record<string, Ratio>, whole?: Summaries } & Summaries} UnjudgedRow */
/** @typedef {UnjudgedRow & { isMet: boolean | null }} Row */
/** @typedef {Measure & { id: string, rows: Row[] }} MeasureResult */
/** @typedef {Record<'bytes' | 'signedOutBytes' | 'peakHeap' | 'wasmMemory', Record<ClientName, number>>} Footprint */

/**
 * What a run was made with.
 * @typedef {object} Facts
 * @property {string} command
 * @property {string} date
 * @property {{ cpu: string, cores: number, memory: number, loadBefore: string, loadAfter: string }} machine
 * @property {Record<'chromium' | 'node' | 'reference' | 'esbuild' | 'ours' | 'commit', string>} versions
 * @property {number} samples
 */

/** @typedef {MeasureResult & { what: string }} Charted */
/** @typedef {Facts & { measures: MeasureResult[] } & Footprint} Results */

const OURS = 'authress-login-wasm';
/**
 * The clients that ours is compared with, in the order of the columns.
 * @type {Record<Exclude<ClientName, 'ours'>, string>}
 */
const OTHERS = { reference: '@authress/login', baseline: 'an earlier build' };
const OTHER_NAMES = /** @type {(keyof typeof OTHERS)[]} */ (Object.keys(OTHERS));

/**
 * @param {Facts} facts
 * @param {Samples} samples
 * @returns {Results} what goes into the file
 */
export function results(facts, samples) {
  const measures = Object.entries({ ...MEASURES, ...TASKS }).map(([id, measure]) => ({
    id,
    ...measure,
    rows: rows(id, measure, samples),
  }));
  return { ...facts, measures, ...footprint(samples) };
}

/**
 * @param {string} id
 * @param {Measure} measure
 * @param {Samples} samples
 * @returns {Row[]}
 */
function rows(id, measure, samples) {
  return CONDITION_NAMES.filter((condition) => samples[condition]?.ours?.[id]).map((condition) => {
    /** @type {(key: string) => Summaries} */
    const of = (key) => mapClients(samples[condition], (measures) => summary(measures[key]));
    const clients = of(id);
    const whole = samples[condition].ours[`${id}Whole`] && of(`${id}Whole`);
    const row = { condition, ...clients, ratios: ratios(clients), ...(whole && { whole }) };
    return { ...row, isMet: isMet(measure, row) };
  });
}

/**
 * The same for each client.
 * @template Value, Result
 * @param {Record<ClientName, Value>} clients
 * @param {(value: Value) => Result} map
 */
function mapClients(clients, map) {
  const entries = Object.entries(clients).map(([client, value]) => [client, map(value)]);
  return /** @type {Record<ClientName, Result>} */ (Object.fromEntries(entries));
}

/**
 * Our figures by each other client's.
 * @param {Summaries} summaries
 * @returns {Record<string, Ratio>}
 */
function ratios({ ours, ...others }) {
  /** @type {(other: Summary, kind: Kind) => number} */
  const ratio = (other, kind) => Number((ours[kind] / Math.max(other[kind], Number.EPSILON)).toFixed(3));
  /** @type {(other: Summary) => Ratio} */
  const of = (other) => ({ median: ratio(other, 'median'), p90: ratio(other, 'p90'), mean: ratio(other, 'mean') });
  return Object.fromEntries(Object.entries(others).map(([name, other]) => [name, of(other)]));
}

/**
 * Whether every target is met; null where there is none.
 * @param {Measure} measure
 * @param {UnjudgedRow} row
 */
function isMet({ targets, meanLimit, limit }, { condition, ours, ratios }) {
  const checks = [];
  if (condition === TARGET_CONDITION) {
    for (const [name, target] of Object.entries(targets ?? {})) {
      // Without a baseline its targets say nothing.
      if (!ratios[name]) continue;
      for (const [kind, most] of Object.entries(target)) checks.push(ratios[name][/** @type {Kind} */ (kind)] <= most);
    }
  }
  if (meanLimit && condition === '1x') checks.push(ours.mean <= meanLimit);
  if (limit) checks.push(Math.max(...ours.values) <= limit);
  return checks.length > 0 ? checks.every(Boolean) : null;
}

/**
 * Bytes and memory do not depend on speed: those of the first condition.
 * @param {Samples} samples
 * @returns {Footprint}
 */
function footprint(samples) {
  const [first] = Object.values(samples);
  /** @type {(key: string) => Record<ClientName, number>} */
  const of = (key) => mapClients(first, (measures) => summary(measures[key] ?? [0]).median);
  const keys = ['bytes', 'signedOutBytes', 'peakHeap', 'wasmMemory'];
  return /** @type {Footprint} */ (Object.fromEntries(keys.map((key) => [key, of(key)])));
}

/**
 * Writes the files below docs, or into `folder` for a try.
 * @param {Results} result
 * @param {string} docs the page with the tables
 * @param {string} folder
 */
export function write(result, docs, folder) {
  /** @type {(name: string) => string} */
  const file = (name) => join(folder, name);
  mkdirSync(file('charts'), { recursive: true });
  writeFileSync(file('benchmarks.json'), `${JSON.stringify(result, null, 1)}\n`);
  const charted = result.measures.filter(isCharted);
  rmSync(file('charts'), { recursive: true });
  mkdirSync(file('charts'));
  for (const measure of charted) {
    writeFileSync(file(`charts/${measure.id}.svg`), chart({ ...measure, what: measure.what.replaceAll('`', '') }));
  }
  const page = readFileSync(docs, 'utf8');
  const tables = [table(result), pictures(charted), taskTable(result), footprintTable(result)];
  const text = [facts(result), ...tables].join('\n\n');
  writeFileSync(file('benchmarks.md'), between(page, 'client', text));
  return text;
}

/** @type {(measure: MeasureResult) => measure is Charted} */
const isCharted = (measure) => Boolean(measure.what) && measure.rows.length > 0;

/** @type {(facts: Facts) => string} */
const facts = ({ date, machine, versions, samples, command }) =>
  `\`${command}\`, ${date.slice(0, 10)}. ${machine.cores} cores of ${machine.cpu}, ${machine.memory} GB; load before the run ` +
  `${machine.loadBefore}, after it ${machine.loadAfter}. Chromium ${versions.chromium}, \`@authress/login\` ${versions.reference}, ` +
  `\`authress-login-wasm\` ${versions.ours} (${versions.commit}), esbuild ${versions.esbuild}, Node.js ${versions.node}. ` +
  `${samples} ${samples === 1 ? 'sample' : 'samples'} of each after one that was discarded. The targets are those of ` +
  `“${TARGET_CONDITION}”.`;

/** @type {(value: number) => string} */
const ms = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
/** @type {(figures: Pick<Summary, 'median' | 'p90'>) => string} */
const both = ({ median, p90 }) => `${ms(median)} (${ms(p90)})`;
/** @type {(ratio: Ratio) => string} */
const times = ({ median, p90 }) => `${median.toFixed(2)} (${p90.toFixed(2)})`;
/** @type {(isMet: boolean | null) => string} */
const verdict = (isMet) => ({ true: 'yes', false: '**no**', null: '' })[/** @type {'true'} */ (String(isMet))];

/**
 * The clients beside ours that were measured.
 * @param {Results} result
 */
const othersOf = ({ bytes }) => OTHER_NAMES.filter((name) => name in bytes);

/**
 * @param {Measure} measure
 * @param {ClientName[]} others
 * @param {string} condition
 */
function targetText({ targets, meanLimit }, others, condition) {
  if (meanLimit) return condition === '1x' ? `mean ≤ ${meanLimit} ms` : '';
  if (condition !== TARGET_CONDITION) return '';
  /** @type {(target: Target) => string} */
  const of = ({ median, p90 }) => `≤ ${median.toFixed(2)}${p90 === undefined ? '' : ` (≤ ${p90.toFixed(2)})`}`;
  const texts = others.flatMap((name) => targets?.[name] ?? []).map(of);
  return texts.join('; ');
}

/** @param {Results} result */
function table(result) {
  const others = othersOf(result);
  const lines = result.measures
    .filter(({ what }) => what)
    .flatMap((measure) =>
      measure.rows.map((row, index) => {
        const mean = measure.meanLimit ? `, mean ${row.ours.mean.toFixed(2)}` : '';
        const cells = others.map((name) => `${both(row[name])} | ${times(row.ratios[name])}`);
        return (
          `| ${index === 0 ? measure.title : ''} | ${row.condition} | ${both(row.ours)}${mean} | ${cells.join(' | ')} ` +
          `| ${targetText(measure, others, row.condition)} | ${verdict(row.isMet)} |`
        );
      }),
    );
  const heads = others.map((name) => `${OTHERS[name]} | ratio`).join(' | ');
  return [
    `| ms: median (90th percentile) | on | ${OURS} | ${heads} | target ratios | met |`,
    `|---|---|---:|${'---:|---:|'.repeat(others.length)}---|---|`,
    ...lines,
  ].join('\n');
}

/** @type {(measures: Charted[]) => string} */
const pictures = (measures) => measures.map(({ id, title }) => `![${title}](charts/${id}.svg)`).join('\n');

/** @param {Results} result */
function taskTable({ measures }) {
  /** @type {(script: Summary, whole?: Summary) => string} */
  const of = ({ median, values }, whole) =>
    `${ms(median)} (${ms(Math.max(...values))}) | ${whole ? ms(whole.median) : ''}`;
  const lines = measures
    .filter(({ id }) => id in TASKS)
    .flatMap(({ title, rows: list }) =>
      list.map(
        ({ condition, ours, reference, whole, isMet }) =>
          `| ${title} | ${condition} | ${of(ours, whole?.ours)} | ${of(reference, whole?.reference)} | ${verdict(isMet)} |`,
      ),
    );
  return [
    '| most script in one task, ms: median (highest); whole: the longest task with script in it | on ' +
      `| ${OURS} | whole | ${OTHERS.reference} | whole | ours ≤ 50 |`,
    '|---|---|---:|---:|---:|---:|---|',
    ...lines,
  ].join('\n');
}

/** @param {Results} result */
function footprintTable(result) {
  const others = othersOf(result);
  /** @type {(name: string, clients: Record<ClientName, number>) => string} */
  const row = (name, clients) =>
    `| ${name} | ${[clients.ours, ...others.map((client) => clients[client])].map((figure) => figure.toLocaleString('en')).join(' | ')} |`;
  return [
    `| bytes | ${[OURS, ...others.map((name) => OTHERS[name])].join(' | ')} |`,
    `|---|${'---:|'.repeat(1 + others.length)}`,
    row('downloaded by a first visit: script and module, brotli 11', result.bytes),
    row('downloaded by a page without a session until it knows, two sites', result.signedOutBytes),
    row('most JavaScript heap during a first visit', result.peakHeap),
    row('memory of the module at its end', result.wasmMemory),
  ].join('\n');
}
