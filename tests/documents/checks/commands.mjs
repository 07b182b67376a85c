// The programs of this project, and those with which it is built and tested: options, files and names exist. Of other
// programs nothing is checked.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { workspace } from '../pages.mjs';
import { cargoFaults } from './cargo.mjs';
import { run } from './tool.mjs';

/** @import { Command } from './shell.mjs' */

/** Our programs, and the packages that have them. */
const OURS = new Map([
  ['authress-contract', 'authress-contract'],
  ['authress-demo-shop', 'authress-demo-shop'],
  ['authress-sandbox', 'authress-sandbox'],
  ['authress-user-migration', 'authress-user-migration'],
  ['authress-verifier', 'authress-verifier'],
]);
/** The npm packages of this repository, by their folders. */
const PACKAGES = new Map([
  ['authress-login-wasm', 'pkg'],
  ['authress-login-sandbox', 'sandbox-pkg'],
]);
/** Folders whose files a page names from the root of the repository. */
const FROM_ROOT = /^(?:\.\/)?(?:crates|deploy|docs|examples|pkg|sandbox-pkg|tests|xtask)\//;
const IS_PLACEHOLDER = /…|^<.*>$|^\[|\]$|^[A-Z][A-Z_]*$|\$/;

/** @type {Map<string, string>} */
const helps = new Map();

/**
 * What `PROGRAM … --help` prints.
 * @param {string} program
 * @param {string[]} subcommand
 */
function helpOf(program, subcommand = []) {
  const key = [program, ...subcommand].join(' ');
  const known = helps.get(key);
  if (known !== undefined) return known;
  const file = join(workspace, 'target/debug', program);
  if (!existsSync(file)) {
    const { status, stderr } = run('cargo', [
      'build',
      '--offline',
      '--quiet',
      '--bins',
      '--package',
      OURS.get(program) ?? '',
      '--manifest-path',
      join(workspace, 'Cargo.toml'),
    ]);
    if (status !== 0) throw new Error(stderr);
  }
  const { stdout, stderr } = run(file, [...subcommand, '--help']);
  helps.set(key, stdout + stderr);
  return stdout + stderr;
}

/** @param {string[]} words */
const optionsIn = (words) => words.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split('=')[0]);

/**
 * @param {string} help
 * @param {string} word
 */
const names = (help, word) =>
  new RegExp(`(?<![\\w-])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(help);

/**
 * @param {string} program
 * @param {Command} command
 */
function ownFaults(program, { words, variables }) {
  const [first, ...others] = words;
  const isSubcommand = first !== undefined && /^[a-z][a-z-]*$/.test(first);
  const general = helpOf(program);
  if (isSubcommand && !names(general, first)) return [`${program} has no command "${first}"`];
  // A program may describe all of its commands in one text.
  const help = isSubcommand ? general + helpOf(program, [first]) : general;
  const options = optionsIn(isSubcommand ? others : words).filter((option) => !names(help, option));
  const unknown = variables.filter((name) => !names(help, name));
  return [
    ...options.map((option) => `${program}${isSubcommand ? ` ${first}` : ''} has no option ${option}`),
    ...unknown.map((name) => `${program} reads no variable ${name}`),
  ];
}

/**
 * Whether a file is there: from the root, from the page's folder, or with a `*` in its name.
 * @param {string} path
 * @param {string} page
 */
function isThere(path, page) {
  const beforeStar = path.includes('*') ? dirname(path.split('*')[0].concat('x')) : path;
  return ['.', dirname(page)].some((folder) => existsSync(join(workspace, folder, beforeStar)));
}

/**
 * @param {Command} command
 * @param {string} page
 */
function nodeFaults({ words }, page) {
  const files = words
    .map((word) => word.replace(/^--(?:env-file|import|require)=/, ''))
    .filter((word) => !word.startsWith('-'));
  const ours = files.filter((file) => FROM_ROOT.test(file) && !IS_PLACEHOLDER.test(file));
  return ours.filter((file) => !isThere(file, page)).map((file) => `there is no ${file}`);
}

/**
 * @param {Command} command
 * @param {string} page
 */
function npmFaults({ words }, page) {
  const [subcommand, ...others] = words;
  const operands = others.filter((word) => !word.startsWith('-') && !IS_PLACEHOLDER.test(word));
  const manifest = join(workspace, dirname(page), 'package.json');
  if (subcommand === 'run' || subcommand === 'start' || subcommand === 'test') {
    const name = subcommand === 'run' ? operands[0] : subcommand;
    // Elsewhere it is the reader's own package.
    if (name === undefined || !existsSync(manifest)) return [];
    const { scripts = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    return name in scripts ? [] : [`${join(dirname(page), 'package.json')} has no script "${name}"`];
  }
  const ofName = operands.filter((word) => /^authress-/.test(word) && !PACKAGES.has(word.replace(/@[^/]*$/, '')));
  // Below `target` are files that an earlier command makes.
  const paths = operands.filter((word) => FROM_ROOT.test(word) || /^\.\/(?!target\/)/.test(word));
  const ofPath = paths.filter((path) => !isThere(path, page));
  return [
    ...ofName.map((name) => `this repository has no npm package "${name}"`),
    ...ofPath.map((path) => `there is no ${path}`),
  ];
}

/** @param {Command} command */
function npxFaults({ words }) {
  const [name, ...others] = words.filter((word, index) => index > 0 || !word.startsWith('-'));
  if (!name?.startsWith('authress-')) return [];
  const folder = PACKAGES.get(name.replace(/@[^/]*$/, ''));
  if (folder === undefined) return [`this repository has no npm package "${name}"`];
  const { bin = {} } = JSON.parse(readFileSync(join(workspace, folder, 'package.json'), 'utf8'));
  if (!(name in bin)) return [`${name} has no program`];
  // It cannot print its help before it is built, so its text is searched.
  const text = readFileSync(join(workspace, folder, bin[name]), 'utf8');
  return optionsIn(others)
    .filter((option) => !names(text, option))
    .map((option) => `${name} has no option ${option}`);
}

/**
 * Whether a variable of this project is read anywhere but in pages.
 * @param {string} name
 */
function isRead(name) {
  const { status } = run('git', ['-C', workspace, 'grep', '--quiet', '--word-regexp', name, '--', ':!*.md']);
  return status === 0;
}

/**
 * What is wrong with a command of a page.
 * @param {Command} command
 * @param {string} page
 * @returns {string[]}
 */
export function commandFaults(command, page) {
  const program = basename(command.program);
  const variables = command.variables.filter((name) => name.startsWith('AUTHRESS_') && !isRead(name));
  if (variables.length > 0) return variables.map((name) => `no program of this repository reads ${name}`);
  if (OURS.has(program)) return ownFaults(program, command);
  if (program.startsWith('authress-') && !PACKAGES.has(program)) return [`this repository has no program "${program}"`];
  if (program === 'cargo') return cargoFaults(command.words);
  if (program === 'node') return nodeFaults(command, page);
  if (program === 'npm') return npmFaults(command, page);
  if (program === 'npx') return npxFaults(command);
  // A program that starts another one.
  if (program === 'xvfb-run')
    return inner(command, page, ({ words }) => words.findIndex((word) => !word.startsWith('-')));
  return [];
}

/**
 * @param {Command} command
 * @param {string} page
 * @param {(command: Command) => number} start where the other command begins
 */
function inner(command, page, start) {
  const index = start(command);
  if (index < 0) return [];
  const [program, ...words] = command.words.slice(index);
  return commandFaults({ ...command, program, words }, page);
}
