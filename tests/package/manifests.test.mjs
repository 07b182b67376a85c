// The manifests of both npm packages: what is published, and under which terms. publint and attw check the packed packages in
// tests/bundlers.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
/** Scripts that run on the machine of those who install a package; an attacker's first choice. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

/** @type {(...path: string[]) => string} */
const read = (...path) => readFileSync(join(workspace, ...path), 'utf8');

/** @type {(file: string) => boolean} */
const isGenerated = (file) => file.startsWith('dist/');

/**
 * The files that a module or a declaration imports by relative addresses. `import('./x.js')` in a JSDoc comment counts for a
 * declaration only: JavaScript runs without it.
 * @param {string} file
 * @param {string} text
 */
function importsOf(file, text) {
  const isDeclaration = file.endsWith('.d.ts');
  const code = isDeclaration ? text : text.replace(/\/\*[\s\S]*?\*\//g, '');
  return [...code.matchAll(/(?:from|import\(|import)\s*'(\.[^']+)'/g)].map(([, address]) => {
    const path = posix.join(posix.dirname(file), address);
    return isDeclaration ? path.replace(/(?:\.d\.ts|\.js)$/, '.d.ts') : path;
  });
}

for (const folder of ['pkg', 'sandbox-pkg']) {
  const manifest = JSON.parse(read(folder, 'package.json'));
  /** @type {string[]} */
  const files = manifest.files;

  describe(manifest.name, () => {
    test('lists each file by its name, so that nothing else is ever published', () => {
      assert.ok(files.length > 10);
      assert.deepEqual(
        files.filter((file) => /[*?!]/.test(file)),
        [],
      );
      const own = files.filter((file) => !isGenerated(file));
      const isFile = (/** @type {string} */ file) =>
        existsSync(join(workspace, folder, file)) && statSync(join(workspace, folder, file)).isFile();
      assert.deepEqual(
        own.filter((file) => !isFile(file)),
        [],
      );
      assert.equal(new Set(files).size, files.length);
    });

    test('contains everything that its files import', () => {
      const code = files.filter((file) => !isGenerated(file) && /\.(?:js|d\.ts)$/.test(file));
      const missing = code.flatMap((file) =>
        importsOf(file, read(folder, file))
          .filter((imported) => !files.includes(imported))
          .map((imported) => `${file} imports ${imported}`),
      );
      assert.deepEqual(missing, []);
    });

    test('contains everything that its manifest names', () => {
      const named = new Set(
        JSON.stringify(manifest.exports)
          .match(/"\.\/[^"]+\.[a-z]+"/g)
          ?.map((name) => name.slice(3, -1)),
      );
      for (const key of ['main', 'types', 'unpkg', 'jsdelivr'])
        if (manifest[key]) named.add(posix.normalize(manifest[key]));
      for (const program of Object.values(manifest.bin ?? {})) named.add(program);
      // Names of entries (`./module.wasm`) look like files.
      for (const entry of Object.keys(manifest.exports)) named.delete(posix.normalize(entry));
      named.delete('package.json');
      assert.ok(named.size >= 2);
      assert.deepEqual(
        [...named].filter((file) => !files.includes(file)),
        [],
      );
    });

    test('says what it is', () => {
      const { name, version, description, license, keywords, sideEffects } = manifest;
      assert.match(version, /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
      assert.ok(description.length > 20 && keywords.length >= 3, name);
      assert.equal(license, 'Apache-2.0');
      assert.notEqual(sideEffects, undefined);
      assert.equal(read(folder, 'LICENSE'), read('LICENSE'));
    });

    test('runs nothing when it is installed, and installs nothing else', () => {
      assert.deepEqual(
        Object.keys(manifest.scripts ?? {}).filter((name) => INSTALL_SCRIPTS.includes(name)),
        [],
      );
      assert.deepEqual(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), []);
    });
  });
}

test('imports are found in modules and declarations', () => {
  assert.deepEqual(importsOf('src/a.js', "import { b } from './b.js';\nimport '../c.js';\n/* from './d.js' */"), [
    'src/b.js',
    'c.js',
  ]);
  assert.deepEqual(importsOf('x/a.d.ts', "import type { B } from '../b.js';\nexport type C = import('./c.js').C;"), [
    'b.d.ts',
    'x/c.d.ts',
  ]);
});
