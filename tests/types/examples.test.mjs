// The examples in the READMEs and docs/ compile with the package's types.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';

import { examples } from './examples.mjs';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'examples-'));
after(() => rmSync(project, { recursive: true }));

mkdirSync(join(project, 'node_modules'));
for (const [name, folder] of Object.entries({ 'authress-login-wasm': 'pkg', 'authress-login-sandbox': 'sandbox-pkg' }))
  symlinkSync(join(workspace, folder), join(project, 'node_modules', name), 'dir');
const surroundings = ['surroundings.d.ts', 'frameworks.d.ts'].map((name) => {
  cpSync(join(workspace, 'tests/types/examples', name), join(project, name));
  return join(project, name);
});

const all = examples(workspace);

const options = {
  strict: true,
  checkJs: true,
  allowJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  // Examples in JavaScript do not declare the types of parameters.
  noImplicitAny: false,
  strictPropertyInitialization: false,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
};

/**
 * The compiler's errors in an example, with the lines of the page.
 * @param {import('./examples.mjs').Script & { line: number }} example
 * @param {string | number} index
 */
function complaints({ code, extension, line, isClassic }, index) {
  const file = join(project, `example-${index}.${extension}`);
  const reference = isClassic ? '/// <reference types="authress-login-wasm/script" />' : '';
  writeFileSync(file, `${reference}\n${code}`);
  // A page's script has the client in a global name, which the surroundings have, too.
  const program = ts.createProgram(isClassic ? [file] : [file, ...surroundings], options);
  return ts.getPreEmitDiagnostics(program).map(({ file: source, start, messageText }) => {
    const at =
      source?.fileName === file ? source.getLineAndCharacterOfPosition(start ?? 0).line - 1 + line : source?.fileName;
    return `line ${at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

test('there are examples', () => {
  for (const page of ['README.md', 'pkg/README.md', 'sandbox-pkg/README.md', 'docs/sandbox.md'])
    assert.ok(
      all.some((example) => example.page === page),
      page,
    );
});

for (const [index, example] of all.entries()) {
  test(`the example at ${example.page}:${example.line} compiles`, () => {
    assert.deepEqual(complaints(example, index), []);
  });
}

test('an example with errors does not compile', () => {
  const wrong = {
    code: 'login.authenticate({ connectionId: 1 });\nlogin.signUp();\nexport {};\n',
    extension: 'js',
    line: 10,
  };
  const found = complaints(wrong, 'wrong');
  assert.equal(found.length, 2, found.join('\n'));
  assert.match(found[1], /^line 11: .*signUp/);
});
