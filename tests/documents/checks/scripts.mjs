// JavaScript and TypeScript: blocks compile with the packages' types, in one program, because most of the time is the
// compiler's own start.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

import ts from 'typescript';

import { workspace } from '../pages.mjs';

/** @import { Block } from '../pages.mjs' */

/** What blocks use of a shop and of frameworks. */
const SURROUNDINGS = ['surroundings.d.ts', 'frameworks.d.ts'];
/** Their folder. */
const FOLDER = 'tests/types/examples';
/** Packages that blocks use with their own types. */
const PACKAGES = {
  'authress-login-wasm': 'pkg',
  'authress-login-sandbox': 'sandbox-pkg',
  'kubernetes-types': 'tests/node_modules/kubernetes-types',
};

/**
 * A script of a page.
 * @typedef {object} Script
 * @property {string} page
 * @property {number} line of the page above its first line
 * @property {string} extension
 * @property {string} code
 * @property {boolean} [isClassic] whether it is no module and has the package's global
 */

/** @type {import('typescript').CompilerOptions} */
const OPTIONS = {
  strict: true,
  checkJs: true,
  allowJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  // Blocks in JavaScript do not declare the types of parameters.
  noImplicitAny: false,
  strictPropertyInitialization: false,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
};

/** @type {string | undefined} */
let project;

/** The folder of the files, in which the packages are installed. */
function folder() {
  if (project !== undefined) return project;
  const made = mkdtempSync(join(tmpdir(), 'documents-'));
  process.once('exit', () => rmSync(made, { recursive: true }));
  mkdirSync(join(made, 'node_modules'));
  for (const [name, path] of Object.entries(PACKAGES))
    symlinkSync(join(workspace, path), join(made, 'node_modules', name), 'dir');
  // Beside the packages, whose types it uses.
  for (const name of SURROUNDINGS) cpSync(join(workspace, FOLDER, name), join(made, name));
  project = made;
  return made;
}

/**
 * Those that wait for the compiler, by the names of their files.
 * @type {Map<string, Script>}
 */
const waiting = new Map();
/** @type {Promise<Map<string, string[]>> | undefined} */
let round;
let files = 0;

/**
 * What the compiler says about a script. Scripts that are given at the same time are compiled together.
 * @param {Script} script
 * @returns {Promise<string[]>}
 */
export async function compile(script) {
  files += 1;
  const file = join(folder(), `block-${files}.${script.extension}`);
  waiting.set(file, script);
  round ??= setImmediate().then(compileWaiting);
  const faults = await round;
  return faults.get(file) ?? [];
}

function compileWaiting() {
  round = undefined;
  const scripts = [...waiting];
  waiting.clear();
  for (const [file, { code, isClassic }] of scripts) {
    // In the first line, which the numbers below leave out.
    const head = isClassic ? '/// <reference types="authress-login-wasm/script" />' : '';
    writeFileSync(file, `${head}\n${isClassic ? code : asModule(code)}`);
  }
  const modules = scripts.filter(([, { isClassic }]) => !isClassic);
  const faults = diagnostics(
    modules,
    SURROUNDINGS.map((name) => join(folder(), name)),
  );
  // A classic script has the client in a global name, which the surroundings have, too.
  for (const script of scripts.filter(([, { isClassic }]) => isClassic))
    for (const [file, found] of diagnostics([script], [])) faults.set(file, found);
  return faults;
}

/**
 * @param {[string, Script][]} scripts
 * @param {string[]} others
 */
function diagnostics(scripts, others) {
  const byFile = new Map(scripts);
  /** @type {Map<string, string[]>} */
  const faults = new Map();
  const program = ts.createProgram([...byFile.keys(), ...others], OPTIONS);
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    const script = byFile.get(file?.fileName ?? '');
    if (!file || !script) throw new Error(`${file?.fileName ?? 'the compiler'}: ${message}`);
    const line = script.line + file.getLineAndCharacterOfPosition(start).line;
    const found = [...(faults.get(file.fileName) ?? []), `line ${line}: ${message}${advice(message)}`];
    faults.set(file.fileName, found);
  }
  return faults;
}

/** @param {string} message */
function advice(message) {
  return /^Cannot find (?:name|module)/.test(message)
    ? ` Import it, or, if it is the shop's or a framework's, declare what the page uses of it in ${FOLDER}.`
    : '';
}

/**
 * As a module, so that blocks do not share names.
 * @param {string} code
 */
const asModule = (code) => (/^\s*(?:import|export)\b/m.test(code) ? code : `${code}\nexport {};\n`);

/**
 * The pages of the tests show parts of files and code for other libraries: their blocks are only parsed.
 * @param {Block} block
 */
export async function scriptFaults({ page, line, language, code, before }) {
  if (!page.startsWith('tests/')) {
    const first = line - (before.split('\n').length - 1);
    return compile({ page, line: first, extension: language, code: before + code });
  }
  const { diagnostics: found = [] } = ts.transpileModule(code, {
    fileName: `block.${language}`,
    reportDiagnostics: true,
    compilerOptions: { ...OPTIONS, noEmit: false },
  });
  return found.map(({ file, start = 0, messageText }) => {
    const at = line + 1 + (file?.getLineAndCharacterOfPosition(start).line ?? 0);
    return `line ${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
