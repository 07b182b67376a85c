// Commands of cargo: packages, features, targets and profiles exist. Those of `cargo xtask` are parsed by a test of xtask.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { workspace } from '../pages.mjs';
import { run } from './tool.mjs';

/**
 * @typedef {{ name: string, features: Record<string, string[]>, targets: { name: string, kind: string[] }[] }} Package
 */

/** @type {Package[] | undefined} */
let known;

/** The packages of the workspace. */
function packages() {
  if (known) return known;
  const { stdout, stderr } = run('cargo', [
    'metadata',
    '--no-deps',
    '--offline',
    '--format-version=1',
    `--manifest-path=${join(workspace, 'Cargo.toml')}`,
  ]);
  if (stdout === '') throw new Error(stderr);
  /** @type {Package[]} */
  const found = JSON.parse(stdout).packages;
  known = found;
  return found;
}

const profiles = () => [
  ...['dev', 'release', 'test', 'bench'],
  ...[...readFileSync(join(workspace, 'Cargo.toml'), 'utf8').matchAll(/^\[profile\.(\w+)\]$/gm)].map(
    ([, name]) => name,
  ),
];

/** @type {Map<string, Set<string>>} */
const helps = new Map();

/**
 * The options that a subcommand names in its help.
 * @param {string} subcommand
 */
function optionsOf(subcommand) {
  const options =
    helps.get(subcommand) ?? new Set(run('cargo', [subcommand, '--help']).stdout.match(/(?<![\w-])--?[a-z][\w-]*/gi));
  helps.set(subcommand, options);
  return options;
}

/** Commands of other programs, which a machine may not have. */
const OF_OTHERS = new Set(['cyclonedx', 'deny', 'fuzz', 'lambda']);

/** Options that have a value, and the kind of target that some name. */
const TARGETS = new Map([
  ['--bin', 'bin'],
  ['--example', 'example'],
  ['--test', 'test'],
  ['--bench', 'bench'],
]);
const WITH_VALUE = new Set([
  ...TARGETS.keys(),
  ...['-p', '--package', '-F', '--features', '--profile', '--path', '--manifest-path', '--git', '--rev', '--tag'],
]);

/** @param {string} word */
const isPlaceholder = (word) => /…|^<.*>$|^[A-Z][A-Z_]*$|\$/.test(word);

/**
 * What is wrong with the words after `cargo`.
 * @param {string[]} words
 * @returns {string[]}
 */
export function cargoFaults([subcommand, ...words]) {
  if (subcommand === undefined || subcommand === 'xtask' || subcommand.startsWith('-')) return [];
  if (OF_OTHERS.has(subcommand)) return [];
  const options = optionsOf(subcommand);
  if (options.size === 0) return [`cargo has no command "${subcommand}"`];
  const end = words.indexOf('--');
  const own = (end < 0 ? words : words.slice(0, end)).flatMap((word) => {
    const [, option, value] = /^(--[\w-]+)=(.*)$/.exec(word) ?? [];
    return option ? [option, value] : [word];
  });
  /** @type {[string, string][]} */
  const values = [];
  /** @type {string[]} */
  const faults = [];
  for (let index = 0; index < own.length; index += 1) {
    const word = own[index];
    if (!word.startsWith('-')) continue;
    if (!options.has(word)) faults.push(`cargo ${subcommand} has no option ${word}`);
    if (!WITH_VALUE.has(word)) continue;
    index += 1;
    values.push([word, own[index] ?? '']);
  }
  return [
    ...faults,
    ...valueFaults(
      subcommand,
      values.filter(([, value]) => !isPlaceholder(value)),
    ),
  ];
}

/**
 * @param {string} subcommand
 * @param {[string, string][]} values
 */
function valueFaults(subcommand, values) {
  const names = values.filter(([option]) => option === '-p' || option === '--package').map(([, name]) => name);
  const missing = names.filter((name) => !packages().some((one) => one.name === name));
  if (missing.length > 0) return missing.map((name) => `the workspace has no package "${name}"`);
  const chosen = names.length > 0 ? packages().filter(({ name }) => names.includes(name)) : packages();
  return values.flatMap(([option, value]) => {
    const kind = TARGETS.get(option);
    const isTarget = chosen.some(({ targets }) =>
      targets.some((target) => target.name === value && target.kind.includes(kind ?? '')),
    );
    if (kind && !isTarget) return [`no package here has the ${kind} "${value}"`];
    if (option === '--profile' && !profiles().includes(value)) return [`Cargo.toml has no profile "${value}"`];
    if (option === '--path' && !existsSync(join(workspace, value, 'Cargo.toml')))
      return [`there is no crate in ${value}`];
    // `cargo add` and `cargo install` without a checkout name crates that may be others'.
    if ((option === '--features' || option === '-F') && !(subcommand === 'add' && names.length === 0))
      return value
        .split(/[\s,]+/)
        .filter((feature) => !hasFeature(chosen, feature))
        .map((feature) => `no package here has the feature "${feature}"`);
    return [];
  });
}

/**
 * @param {Package[]} chosen
 * @param {string} feature
 */
function hasFeature(chosen, feature) {
  const [name, ofPackage] = feature.split('/');
  if (ofPackage === undefined) return chosen.some(({ features }) => name in features);
  return packages().some((one) => one.name === name && ofPackage in one.features);
}
