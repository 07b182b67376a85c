// The package's types: real usage compiles, wrong usage does not, and what is public is public on
// purpose.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

import { report } from './api-report.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = fileURLToPath(new URL('../../pkg', import.meta.url));
const SOURCES = ['usage.ts', 'refusals.ts'];

// A project of somebody else, which finds the package as it finds any other.
const project = mkdtempSync(join(tmpdir(), 'types-'));

before(() => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(packageFolder, join(project, 'node_modules/authress-login-wasm'), 'dir');
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  for (const source of SOURCES) cpSync(join(here, source), join(project, source));
});
after(() => rmSync(project, { recursive: true }));

/** What the compiler says about the project. */
function compile(compilerOptions) {
  const always = {
    strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true, isolatedModules: true, noEmit: true, skipDefaultLibCheck: true, types: [], target: 'es2022', lib: ['es2022', 'dom'],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...always, ...compilerOptions }, files: SOURCES }));
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '--project', project], { cwd: project, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

for (const [resolution, module] of [['bundler', 'esnext'], ['nodenext', 'nodenext']]) {
  test(`usage compiles and wrong usage does not, module resolution ${resolution}`, () => {
    const { status, output } = compile({ module, moduleResolution: resolution });
    assert.equal(status, 0, `the files of tests/types and pkg/index.d.ts do not agree:\n${output}`);
  });
}

test('the types name exactly what the package has', async () => {
  const modules = await import(join(packageFolder, 'dist/index.js'));
  const declared = declaredMembers(join(packageFolder, 'index.d.ts'));
  assert.deepEqual(Object.keys(modules).sort(), [...declared.keys()].sort());
  for (const [name, members] of declared) {
    const value = modules[name];
    const actual = typeof value === 'function'
      ? Object.getOwnPropertyNames(value.prototype ?? {}).filter((member) => member !== 'constructor')
      : Object.keys(value);
    assert.deepEqual(actual.sort(), members.sort(), name);
  }
});

test('the report of the public surface is up to date', () => {
  const { isCurrent, complaints, committed, made } = report();
  assert.deepEqual(complaints, [], 'what is public must be usable by everybody');
  const lost = committed.filter((line) => !made.includes(line)).map((line) => `- ${line}`);
  const gained = made.filter((line) => !committed.includes(line)).map((line) => `+ ${line}`);
  const differences = [...lost, ...gained].join('\n');
  assert.ok(isCurrent, `pkg/index.d.ts has changed what is public:\n${differences}\n` +
    'If that is meant, run `cargo xtask api-report` and commit tests/types/api-report.api.md; a change that breaks applications needs a new major version.');
});

/** The exported values of a declaration file, with the methods of classes and the names of constants. */
function declaredMembers(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  const found = new Map();
  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement)) {
      found.set(statement.name.text, statement.members.filter(ts.isMethodDeclaration).map(({ name }) => name.text));
    } else if (ts.isExportDeclaration(statement)) {
      // Functions of another file; they have no members.
      for (const { name, isTypeOnly } of statement.exportClause.elements) if (!isTypeOnly) found.set(name.text, []);
    } else if (ts.isVariableStatement(statement)) {
      for (const { name, type } of statement.declarationList.declarations) {
        found.set(name.text, type.members.map((member) => member.name.text));
      }
    }
  }
  return found;
}
