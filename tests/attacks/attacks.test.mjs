// The attacks of the table in every topology, against the lenient and the strict sandbox, and the benign shoppers who look like
// one. With ATTACKS=all every attempt is made and docs/attacks.md checked; with WRITE_DOCS=1 it is written.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';

import { TOPOLOGIES, workspace } from '../e2e/support/stack.mjs';
import { stories } from '../e2e/support/story.mjs';
import { ATTACKS, nameOf, variantsOf } from './attacks.mjs';
import { CONTROLS } from './controls.mjs';
import { FIXES, taken } from './fixes.mjs';
import { EXPECTED_FAILURES, ACCEPTED, entryFor } from './outcomes.mjs';
import { page } from './table.mjs';

/**
 * @import { Dialect, Topology } from '../e2e/support/stack.mjs'
 * @import { Attack } from './attacks.mjs'
 */

/** @type {readonly Dialect[]} */
const DIALECTS = ['default', 'strict'];
const FILE = `${workspace}docs/attacks.md`;
const BEFORE = `${workspace}tests/attacks/before.json`;
const WITHOUT = `${workspace}tests/attacks/without-fixes.json`;

/** Measures the outcome before the defences, against the lenient sandbox: every outcome is right. */
const isMeasuredBefore = process.env.ATTACKS === 'before';
const writesDocs = Boolean(process.env.WRITE_DOCS);
const isWhole = process.env.ATTACKS === 'all' || writesDocs;
/** Some attempts and controls, by an expression for their names. */
const only = process.env.ONLY && new RegExp(process.env.ONLY);
/** @param {string} name */
const isChosen = (name) => !only || only.test(name);
/**
 * Whether an attempt is made without ATTACKS=all. The strict server refuses more than the lenient one and nothing less, so where
 * the client has stopped an attack under the lenient one, one topology is enough.
 * @type {(...place: [Attack, string, Topology, Dialect]) => boolean}
 */
const isUsual = (attack, variant, topology, dialect) =>
  dialect === 'default' || topology === 'https' || Boolean(entryFor(ACCEPTED, attack, variant, topology, 'default'));

/**
 * Whether each attempt succeeded, by its name.
 * @type {Record<string, boolean>}
 */
const outcomes = {};

// Two blocks at a time, each with servers and a browser of its own: an attack mostly waits.
describe('attacks', { concurrency: 2 }, () => {
  for (const dialect of isMeasuredBefore ? DIALECTS.slice(0, 1) : DIALECTS) {
    for (const topology of TOPOLOGIES) {
      describe(`${topology}, ${dialect} dialect`, { concurrency: 1 }, () => {
        const story = stories(topology, { dialect, bfcache: true, wholeBrowser: true });

        for (const attack of ATTACKS) {
          for (const variant of variantsOf(attack, topology)) {
            const name = nameOf(attack, variant, topology, dialect);
            if (!isChosen(name)) continue;
            if (!isWhole && !only && !isUsual(attack, variant, topology, dialect)) continue;
            story(name, async (cast) => {
              const isSuccessful = await attack.succeeds(cast, variant);
              outcomes[name] = isSuccessful;
              if (isMeasuredBefore) return;
              const place = /** @type {const} */ ([attack, variant, topology, dialect]);
              const listed = entryFor([...ACCEPTED, ...EXPECTED_FAILURES], ...place);
              if (listed) assert.ok(isSuccessful, `it is refused now: remove it from outcomes.mjs (${listed.reason})`);
              else assert.ok(!isSuccessful, `the attack succeeds; what has to happen: ${attack.refusal}`);
            });
          }
        }

        if (isMeasuredBefore) return;
        for (const { id, topologies, works } of CONTROLS) {
          const name = `control: ${id}, ${topology}, ${dialect}`;
          if (topologies.includes(topology) && isChosen(name)) story(name, works);
        }
      });
    }
  }
});

test('each entry of the lists names an attack', () => {
  const ids = ATTACKS.map(({ id }) => id);
  for (const { attack } of [...ACCEPTED, ...EXPECTED_FAILURES]) assert.ok(ids.includes(attack), attack);
});

/** @param {string} file */
const outcomesIn = (file) => JSON.parse(readFileSync(file, 'utf8'));

test('each fix is in the source, and its attempts are in the table', () => {
  const places = TOPOLOGIES.flatMap((topology) =>
    DIALECTS.map((dialect) => /** @type {const} */ ([topology, dialect])),
  );
  const names = places.flatMap(([topology, dialect]) =>
    ATTACKS.flatMap((attack) =>
      variantsOf(attack, topology).map((variant) => nameOf(attack, variant, topology, dialect)),
    ),
  );
  const recorded = outcomesIn(WITHOUT);
  for (const { id, changes, attempts } of FIXES) {
    // Throws if the text is not there once.
    for (const change of changes) taken(change, readFileSync(`${workspace}${change.file}`, 'utf8'));
    for (const name of attempts) assert.ok(names.includes(name), `${id}: ${name}`);
    const again = `run node tests/attacks/without-fixes.mjs: ${id}`;
    assert.deepEqual(recorded[id], Object.fromEntries(attempts.map((name) => [name, true])), again);
  }
});

// What happened, also if the run failed.
after(() => writeFileSync(`${workspace}target/attacks.json`, `${JSON.stringify(outcomes, null, 1)}\n`));

if (isMeasuredBefore) {
  after(() => {
    const all = { ...outcomesIn(BEFORE), ...outcomes };
    writeFileSync(BEFORE, `${JSON.stringify(all, null, 1)}\n`);
  });
} else if (isWhole && !only) {
  test('docs/attacks.md has these outcomes', () => {
    const recorded = { before: outcomesIn(BEFORE), without: outcomesIn(WITHOUT) };
    const written = page({ ...recorded, now: outcomes, dialects: DIALECTS });
    if (writesDocs) writeFileSync(FILE, written);
    assert.equal(written, readFileSync(FILE, 'utf8'), 'run with WRITE_DOCS=1');
  });
}
