// The package's types: valid usage compiles, invalid usage does not, and the public surface changes on purpose only.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

import { entries, entriesOf, fileOf, report } from './api-report.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const packageFolder = fileURLToPath(new URL('../../pkg', import.meta.url));
const SERVER_SOURCE = 'server-usage.ts';
const SOURCES = ['usage.ts', 'invalid-usage.ts', 'classic-script.ts', SERVER_SOURCE];

// Another project, which resolves the package as any other.
const project = mkdtempSync(join(tmpdir(), 'types-'));

before(() => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(packageFolder, join(project, 'node_modules/authress-login-wasm'), 'dir');
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  for (const source of SOURCES) cpSync(join(here, source), join(project, source));
});
after(() => rmSync(project, { recursive: true }));

/**
 * Compiles the project.
 * @param {object} compilerOptions
 * @param {string[]} files
 */
function compile(compilerOptions, files = SOURCES) {
  const always = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    noEmit: true,
    moduleDetection: 'legacy',
    skipDefaultLibCheck: true,
    types: [],
    target: 'es2022',
    lib: ['es2022', 'dom'],
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...always, ...compilerOptions }, files }),
  );
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '--project', project], {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

for (const [resolution, module] of [
  ['bundler', 'esnext'],
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
]) {
  test(`usage compiles and wrong usage does not, module resolution ${resolution}`, () => {
    const { status, output } = compile({ module, moduleResolution: resolution });
    assert.equal(status, 0, `the files of tests/types and pkg/index.d.ts do not agree:\n${output}`);
  });
}

test('the entry for servers needs no types of browsers, of Node.js or of jose', () => {
  const { status, output } = compile({ module: 'nodenext', lib: ['es2022'] }, [SERVER_SOURCE]);
  assert.equal(status, 0, output);
});

test('the types name exactly what the package has', async () => {
  const declared = declaredMembers(join(packageFolder, 'index.d.ts'));
  const { exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const module = await import(join(packageFolder, exports['.'].default));
  assert.deepEqual(Object.keys(module).sort(), Object.keys(declared).sort());
  for (const [name, members] of Object.entries(declared)) {
    // Functions that are no classes have no members of their own.
    const owner = typeof module[name] === 'function' ? (module[name].prototype ?? {}) : module[name];
    assert.deepEqual(
      Object.getOwnPropertyNames(owner)
        .filter((member) => member !== 'constructor')
        .sort(),
      members.sort(),
      name,
    );
  }
});

for (const entry of entries())
  test(`the report of the public surface of ${entry.name} is up to date`, () => {
    const { isCurrent, complaints, committed, made } = report(entry);
    assert.deepEqual(complaints, [], 'what is public must be usable by everybody');
    const lost = committed.filter((line) => !made.includes(line)).map((line) => `- ${line}`);
    const gained = made.filter((line) => !committed.includes(line)).map((line) => `+ ${line}`);
    const differences = [...lost, ...gained].join('\n');
    assert.ok(
      isCurrent,
      `${entry.types} has changed what is public:\n${differences}\n` +
        `If that is meant, run \`cargo xtask api-report\` and commit tests/types/${fileOf(entry)}; a change that breaks applications needs a new major version.`,
    );
  });

test('every entry of both packages has a report, and every report an entry', () => {
  const committed = readdirSync(here).filter((name) => name.endsWith('.api.md'));
  assert.deepEqual(
    entries().map(fileOf).sort(),
    committed.sort(),
    'run `cargo xtask api-report` and commit the report of a new entry; delete that of one which is no more',
  );
});

test('an entry of scripts without types is refused', () => {
  const exports = { '.': { types: './index.d.ts' }, './module.wasm': './dist/module.wasm' };
  assert.deepEqual(entriesOf('name', exports), [{ entry: '.', types: './index.d.ts' }]);
  assert.throws(() => entriesOf('name', { ...exports, './new': './new.js' }), /name\/new has no "types"/);
  assert.throws(() => entriesOf('name', { ...exports, './new': { default: './new.js' } }), /name\/new has no "types"/);
});

/**
 * The exported values of a declaration file, with the methods of classes and the names of constants.
 * @param {string} file
 */
function declaredMembers(file) {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  assert.ok(module, `${file} is a module`);
  const symbols = checker.getExportsOfModule(module);
  const values = symbols
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter(({ flags }) => flags & ts.SymbolFlags.Value);
  return Object.fromEntries(
    values.map((symbol) => {
      const members =
        symbol.flags & ts.SymbolFlags.Class
          ? [...(symbol.members?.values() ?? [])].filter(({ flags }) => flags & ts.SymbolFlags.Method)
          : checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
      return [symbol.name, members.map(({ name }) => name)];
    }),
  );
}
