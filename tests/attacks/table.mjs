// The page docs/attacks.md: attack, topology, dialect, outcome before, outcome now, test.

import { TOPOLOGIES } from '../e2e/support/stack.mjs';
import { ATTACKS, nameOf, variantsOf } from './attacks.mjs';
import { CONTROLS } from './controls.mjs';
import { FIXES } from './fixes.mjs';
import { EXPECTED_FAILURES, ACCEPTED, entryFor } from './outcomes.mjs';

/**
 * @import { Attack } from './attacks.mjs'
 * @import { Dialect, Topology } from '../e2e/support/stack.mjs'
 */

/**
 * Whether each attempt succeeded, by its name: before the defences, now, and without one fix at a time.
 * @typedef {object} Outcomes
 * @property {Record<string, boolean>} before
 * @property {Record<string, boolean>} now
 * @property {Record<string, Record<string, boolean>>} without
 * @property {readonly Dialect[]} dialects
 */

/** The attacks that need no browser. */
const ELSEWHERE = [
  [
    'Requests without parameters, from 40 /64 prefixes of one /48, close all logins',
    '`crates/verifier/tests/policies.rs`',
  ],
  ['Logins from one /48 use up the global limit', '`crates/verifier/tests/policies.rs`'],
  [
    'A used `state` or an open human check uses up the global limit',
    '`policies.rs`, `human_check.rs` in `crates/verifier/tests`',
  ],
  ['A client loses its tokens while the shop is busy', '`policies.rs`, `shared_store.rs` in `crates/verifier/tests`'],
  ['`redirect_uri` leads elsewhere', '`crates/verifier/tests/redirect_uri.rs`'],
  ['A statement is used twice; a login is completed in another browser', '`crates/sandbox/src/tests/bound_logins.rs`'],
];

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

/**
 * @param {Record<string, boolean>} outcomes
 * @param {string[]} names
 */
function summary(outcomes, names) {
  const known = names.filter((name) => name in outcomes);
  if (known.length === 0) return '–';
  const succeeded = known.filter((name) => outcomes[name]).length;
  if (succeeded === 0) return 'refused';
  return succeeded === known.length ? '**succeeds**' : `**succeeds** in ${succeeded} of ${known.length} variants`;
}

/**
 * @param {Attack} attack
 * @param {Topology} topology
 * @param {Dialect} dialect
 */
const namesOf = (attack, topology, dialect) =>
  variantsOf(attack, topology).map((variant) => nameOf(attack, variant, topology, dialect));

/** @param {Outcomes} outcomes */
function rows({ before, now, dialects }) {
  return ATTACKS.flatMap((attack) =>
    TOPOLOGIES.flatMap((topology) =>
      dialects.flatMap((dialect) => {
        const names = namesOf(attack, topology, dialect);
        if (names.length === 0) return [];
        const earlier = namesOf(attack, topology, 'default');
        return [`| ${attack.id} | ${topology} | ${dialect} | ${summary(before, earlier)} | ${summary(now, names)} |`];
      }),
    ),
  );
}

/** @param {Outcomes} outcomes */
function figures({ before, now, dialects }) {
  const count = (/** @type {Record<string, boolean>} */ outcomes, /** @type {Dialect} */ dialect) => {
    const names = Object.keys(outcomes).filter((name) => name.endsWith(`, ${dialect}`));
    return [names.length, names.filter((name) => outcomes[name]).length];
  };
  return dialects.map((dialect) => {
    const [[, then], [tried, succeeded]] = [count(before, 'default'), count(now, dialect)];
    return `| ${dialect} | ${tried} | ${then} | ${succeeded} |`;
  });
}

/** @param {Outcomes} outcomes */
function remaining({ now, dialects }) {
  const lines = (/** @type {typeof ACCEPTED} */ list) =>
    list.map((entry) => {
      const places = ATTACKS.flatMap((attack) =>
        TOPOLOGIES.flatMap((topology) =>
          dialects.flatMap((dialect) =>
            variantsOf(attack, topology)
              .filter((variant) => entryFor([entry], attack, variant, topology, dialect))
              .filter((variant) => now[nameOf(attack, variant, topology, dialect)])
              .map(() => `${topology}, ${dialect}`),
          ),
        ),
      );
      return `| ${entry.attack} | ${[...new Set(places)].join('; ')} | ${cell(entry.reason)} |`;
    });
  const table = (/** @type {string} */ title, /** @type {typeof ACCEPTED} */ list) =>
    list.length === 0 ? [] : [`## ${title}`, '', '| Attack | Where | Why |', '|---|---|---|', ...lines(list), ''];
  return [...table('What a client cannot prevent', ACCEPTED), ...table('Not prevented yet', EXPECTED_FAILURES)];
}

/** @param {Outcomes} outcomes */
function withoutFixes({ without }) {
  return FIXES.map(({ id, sentence, attempts }) => {
    const outcomes = without[id] ?? {};
    const succeeded = attempts.filter((name) => outcomes[name]);
    const ids = new Set(succeeded.map((name) => name.replace(/ \(.*/, '')));
    const count = `${succeeded.length} of ${attempts.length}`;
    return `| ${id} | ${sentence} | ${[...ids].map(cell).join('; ') || '–'} | ${count} |`;
  });
}

/**
 * The page.
 * @param {Outcomes} outcomes
 */
export const page = (outcomes) =>
  [
    '<!-- Written by tests/attacks/attacks.test.mjs with WRITE_DOCS=1. -->',
    '# Attacks',
    '',
    'Attacks on a session: planting one, hijacking a link, changing the user id underneath a shopper. Each is tried in Chromium',
    'in every topology in which it exists, against the lenient (`default`) and the `strict`',
    '[sandbox](../crates/sandbox/README.md#dialects). The [threat model](threat-model.md) has the reasons of the mitigations.',
    'The test is `tests/attacks/attacks.test.mjs`; a story has the name of the attack, its variant, the topology and the dialect.',
    '`cargo xtask test attacks` makes every attempt against the lenient sandbox; against the strict one those on https, and those',
    'that succeed against the lenient one. `ATTACKS=all cargo xtask test attacks` makes all of them and checks this page.',
    '',
    '| Dialect | Attempts | Succeeded before | Succeed now |',
    '|---|---|---|---|',
    ...figures(outcomes),
    '',
    '*Before* is the client before these defences, against the lenient sandbox: the strict one bound no login then either.',
    '',
    '## Attempts',
    '',
    ...ATTACKS.flatMap(({ id, sentence, refusal, variants }) => [
      `- **${id}.** ${sentence} Expected: ${refusal}. Variants: ${variants.map((variant) => `*${variant}*`).join(', ')}.`,
    ]),
    '',
    '## Outcomes',
    '',
    '| Attack | Topology | Dialect | Before | Now |',
    '|---|---|---|---|---|',
    ...rows(outcomes),
    '',
    ...remaining(outcomes),
    '## With a fix taken out',
    '',
    '`node tests/attacks/without-fixes.mjs` takes a fix out of a copy of the source, builds it, and tries some attacks that the fix',
    'stops ([tests](../tests/README.md#attacks)). They succeed then, so it is the fix that stops them.',
    '',
    '| Fix | What it does | Attacks that succeed without it | Attempts |',
    '|---|---|---|---|',
    ...withoutFixes(outcomes),
    '',
    '## Benign shoppers',
    '',
    'These look like an attack and must keep working, in the same topologies and dialects:',
    '',
    ...CONTROLS.map(({ id, topologies }) => `- ${id} (${topologies.join(', ')})`),
    '',
    '## Without a browser',
    '',
    '| Attack | Test |',
    '|---|---|',
    ...ELSEWHERE.map(([attack, file]) => `| ${attack} | ${file} |`),
    '',
  ].join('\n');
