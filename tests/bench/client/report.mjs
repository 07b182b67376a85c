// From samples to docs/benchmarks.json, the charts beside it and the tables of docs/benchmarks.md.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { between } from './between.mjs';
import { chart } from './chart.mjs';
import { MEASURES, TARGET_CONDITION, TASKS } from './measures.mjs';
import { CONDITIONS } from './shopper.mjs';
import { summary } from './statistics.mjs';

const OURS = 'authress-login-wasm';
/** The clients that ours is compared with, in the order of the columns. */
const OTHERS = { reference: '@authress/login', baseline: 'an earlier build' };

/** @param samples `{condition: {client: {measure: values}}}` @returns what goes into the file */
export function results(facts, samples) {
  const measures = Object.entries({ ...MEASURES, ...TASKS }).map(([id, measure]) => ({
    id,
    ...measure,
    rows: rows(id, measure, samples),
  }));
  return { ...facts, measures, ...footprint(samples) };
}

function rows(id, measure, samples) {
  return Object.keys(CONDITIONS)
    .filter((condition) => samples[condition]?.ours?.[id])
    .map((condition) => {
      const of = (key) =>
        Object.fromEntries(
          Object.entries(samples[condition]).map(([client, measures]) => [client, summary(measures[key])]),
        );
      const clients = of(id);
      const whole = samples[condition].ours[`${id}Whole`] && of(`${id}Whole`);
      const row = { condition, ...clients, ratios: ratios(clients), ...(whole && { whole }) };
      return { ...row, isMet: isMet(measure, row) };
    });
}

/** Our figures by each other client's. */
function ratios({ ours, ...others }) {
  const ratio = (other, kind) => Number((ours[kind] / Math.max(other[kind], Number.EPSILON)).toFixed(3));
  const of = (other) => ({ median: ratio(other, 'median'), p90: ratio(other, 'p90'), mean: ratio(other, 'mean') });
  return Object.fromEntries(Object.entries(others).map(([name, other]) => [name, of(other)]));
}

/** Whether every target is met; null where there is none. */
function isMet({ targets, meanLimit, limit }, { condition, ours, ratios }) {
  const checks = [];
  if (condition === TARGET_CONDITION) {
    for (const [name, target] of Object.entries(targets ?? {})) {
      // Without a baseline its targets say nothing.
      if (!ratios[name]) continue;
      for (const [kind, most] of Object.entries(target)) checks.push(ratios[name][kind] <= most);
    }
  }
  if (meanLimit && condition === '1x') checks.push(ours.mean <= meanLimit);
  if (limit) checks.push(Math.max(...ours.values) <= limit);
  return checks.length > 0 ? checks.every(Boolean) : null;
}

/** Bytes and memory do not depend on speed: those of the first condition. */
function footprint(samples) {
  const [first] = Object.values(samples);
  const of = (key) =>
    Object.fromEntries(
      Object.entries(first).map(([client, measures]) => [client, summary(measures[key] ?? [0]).median]),
    );
  const keys = ['bytes', 'signedOutBytes', 'peakHeap', 'wasmMemory'];
  return Object.fromEntries(keys.map((key) => [key, of(key)]));
}

/** Writes the files below docs, or into `folder` for a try. */
export function write(result, docs, folder) {
  const file = (name) => join(folder, name);
  mkdirSync(file('charts'), { recursive: true });
  writeFileSync(file('benchmarks.json'), `${JSON.stringify(result, null, 1)}\n`);
  const charted = result.measures.filter(({ rows: list, what }) => what && list.length > 0);
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

const facts = ({ date, machine, versions, samples, command }) =>
  `\`${command}\`, ${date.slice(0, 10)}. ${machine.cores} cores of ${machine.cpu}, ${machine.memory} GB; load before the run ` +
  `${machine.loadBefore}, after it ${machine.loadAfter}. Chromium ${versions.chromium}, \`@authress/login\` ${versions.reference}, ` +
  `\`authress-login-wasm\` ${versions.ours} (${versions.commit}), esbuild ${versions.esbuild}, Node.js ${versions.node}. ` +
  `${samples} ${samples === 1 ? 'sample' : 'samples'} of each after one that was discarded. The targets are those of ` +
  `“${TARGET_CONDITION}”.`;

const ms = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
const both = ({ median, p90 }) => `${ms(median)} (${ms(p90)})`;
const times = ({ median, p90 }) => `${median.toFixed(2)} (${p90.toFixed(2)})`;
const verdict = (isMet) => ({ true: 'yes', false: '**no**', null: '' })[isMet];

/** The clients beside ours that were measured. */
const othersOf = ({ bytes }) => Object.keys(OTHERS).filter((name) => name in bytes);

function targetText({ targets, meanLimit }, others, condition) {
  if (meanLimit) return condition === '1x' ? `mean ≤ ${meanLimit} ms` : '';
  if (condition !== TARGET_CONDITION) return '';
  const of = ({ median, p90 }) => `≤ ${median.toFixed(2)}${p90 === undefined ? '' : ` (≤ ${p90.toFixed(2)})`}`;
  const texts = others.filter((name) => targets?.[name]).map((name) => of(targets[name]));
  return texts.join('; ');
}

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

const pictures = (measures) => measures.map(({ id, title }) => `![${title}](charts/${id}.svg)`).join('\n');

function taskTable({ measures }) {
  const of = ({ median, values }, whole) => `${ms(median)} (${ms(Math.max(...values))}) | ${ms(whole.median)}`;
  const lines = measures
    .filter(({ id }) => id in TASKS)
    .flatMap(({ title, rows: list }) =>
      list.map(
        (row) =>
          `| ${title} | ${row.condition} | ${of(row.ours, row.whole.ours)} | ${of(row.reference, row.whole.reference)} | ${verdict(row.isMet)} |`,
      ),
    );
  return [
    '| most script in one task, ms: median (highest); whole: the longest task with script in it | on ' +
      `| ${OURS} | whole | ${OTHERS.reference} | whole | ours ≤ 50 |`,
    '|---|---|---:|---:|---:|---:|---|',
    ...lines,
  ].join('\n');
}

function footprintTable(result) {
  const others = othersOf(result);
  const row = (name, clients) =>
    `| ${name} | ${['ours', ...others].map((client) => clients[client].toLocaleString('en')).join(' | ')} |`;
  return [
    `| bytes | ${[OURS, ...others.map((name) => OTHERS[name])].join(' | ')} |`,
    `|---|${'---:|'.repeat(1 + others.length)}`,
    row('downloaded by a first visit: script and module, brotli 11', result.bytes),
    row('downloaded by a page without a session until it knows, two sites', result.signedOutBytes),
    row('most JavaScript heap during a first visit', result.peakHeap),
    row('memory of the module at its end', result.wasmMemory),
  ].join('\n');
}
