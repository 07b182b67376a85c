// From samples to docs/benchmarks.json, the charts beside it and the tables of docs/benchmarks.md.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { between } from './between.mjs';
import { chart } from './chart.mjs';
import { MEASURES, TASKS } from './measures.mjs';
import { CONDITIONS } from './shopper.mjs';
import { summary } from './statistics.mjs';

/** @param samples `{condition: {client: {measure: values}}}` @returns what goes into the file */
export function results(facts, samples) {
  const measures = Object.entries({ ...MEASURES, ...TASKS }).map(([id, measure]) => ({
    id,
    ...measure,
    rows: rows(id, measure, samples),
  }));
  return { ...facts, measures, ...footprint(samples) };
}

function rows(id, target, samples) {
  return Object.keys(CONDITIONS)
    .filter((condition) => samples[condition]?.ours?.[id])
    .map((condition) => {
      const [ours, reference] = ['ours', 'reference'].map((client) => summary(samples[condition][client][id]));
      const ratio = (kind) => Number((ours[kind] / Math.max(reference[kind], Number.EPSILON)).toFixed(3));
      const whole =
        samples[condition].ours[`${id}Whole`] &&
        Object.fromEntries(
          ['ours', 'reference'].map((client) => [client, summary(samples[condition][client][`${id}Whole`])]),
        );
      const row = {
        condition,
        ours,
        reference,
        ratio: ratio('median'),
        p90Ratio: ratio('p90'),
        meanRatio: ratio('mean'),
        ...(whole && { whole }),
      };
      return { ...row, isMet: isMet(target, row) };
    });
}

/** Whether the target is reached; null where there is none. */
function isMet({ ratio, p90Ratio, meanLimit, limit }, row) {
  const checks = [];
  if (ratio) checks.push(row.ratio <= ratio);
  if (p90Ratio) checks.push(row.p90Ratio <= p90Ratio);
  if (meanLimit && row.condition === '1x') checks.push(row.ours.mean <= meanLimit);
  if (limit) checks.push(Math.max(...row.ours.values) <= limit);
  return checks.length > 0 ? checks.every(Boolean) : null;
}

/** Bytes and memory do not depend on speed: of the first condition. */
function footprint(samples) {
  const [first] = Object.values(samples);
  const of = (key) =>
    Object.fromEntries(['ours', 'reference'].map((client) => [client, summary(first[client][key] ?? [0]).median]));
  return { bytes: of('bytes'), peakHeap: of('peakHeap'), wasmMemory: of('wasmMemory') };
}

/** Puts everything where it belongs: below docs, or in `folder` for a try. */
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
  const text = [facts(result), table(result), pictures(charted), taskTable(result), footprintTable(result)].join(
    '\n\n',
  );
  writeFileSync(file('benchmarks.md'), between(page, 'client', text));
  return text;
}

const facts = ({ date, machine, versions, samples, command }) =>
  `\`${command}\`, ${date.slice(0, 10)}. ${machine.cores} cores of ${machine.cpu}, ${machine.memory} GB; load before the run ` +
  `${machine.loadBefore}, after it ${machine.loadAfter}. Chromium ${versions.chromium}, \`@authress/login\` ${versions.reference}, ` +
  `\`authress-login-wasm\` ${versions.ours} (${versions.commit}), esbuild ${versions.esbuild}, Node.js ${versions.node}. ` +
  `${samples} ${samples === 1 ? 'sample' : 'samples'} of each after one that was discarded.`;

const ms = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
const both = ({ median, p90 }) => `${ms(median)} (${ms(p90)})`;
const times = (ratio) => `${ratio.toFixed(2)} ×`;
const verdict = (isMet) => ({ true: 'yes', false: '**no**', null: '' })[isMet];

function target({ ratio, p90Ratio, meanLimit }) {
  if (meanLimit) return `mean ≤ ${meanLimit} ms at 1x`;
  if (p90Ratio) return `≤ ${ratio.toFixed(2)} ×, p90 too`;
  return ratio ? `≤ ${ratio.toFixed(2)} ×` : '';
}

function table({ measures }) {
  const lines = measures
    .filter(({ what }) => what)
    .flatMap((measure) =>
      measure.rows.map((row, index) => {
        const mean = measure.meanLimit ? `, mean ${row.ours.mean.toFixed(2)}` : '';
        return (
          `| ${index === 0 ? measure.title : ''} | ${row.condition} | ${both(row.ours)}${mean} | ${both(row.reference)} ` +
          `| ${times(row.ratio)} | ${times(row.p90Ratio)} | ${target(measure)} | ${verdict(row.isMet)} |`
        );
      }),
    );
  return [
    '| | on | authress-login-wasm, ms: median (p90) | @authress/login, ms: median (p90) | ratio | ratio of p90 | target | reached |',
    '|---|---|---:|---:|---:|---:|---|---|',
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
    '| most script in one task, ms: median (most of all); whole: the longest task with script in it | on ' +
      '| authress-login-wasm | whole | @authress/login | whole | ours ≤ 50 |',
    '|---|---|---:|---:|---:|---:|---|',
    ...lines,
  ].join('\n');
}

function footprintTable({ bytes, peakHeap, wasmMemory }) {
  const row = (name, { ours, reference }) =>
    `| ${name} | ${ours.toLocaleString('en')} | ${reference.toLocaleString('en')} |`;
  return [
    '| bytes | authress-login-wasm | @authress/login |',
    '|---|---:|---:|',
    row('downloaded by a first visit: script and module, brotli 11', bytes),
    row('most JavaScript heap during a first visit', peakHeap),
    row('memory of the module at its end', wasmMemory),
  ].join('\n');
}
