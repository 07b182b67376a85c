// node sandbox-pkg/build.mjs WASM-BINDGEN MODULE: builds sandbox-pkg/dist from the compiled module.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'authress_sandbox';
/** Features that the compiler uses and Node.js 20 has. wasm-opt refuses a module with others. */
const FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
  'simd',
];

const [wasmBindgen, module] = process.argv.slice(2);
const tools = createRequire(new URL('../tests/package.json', import.meta.url));
const wasmOpt = join(dirname(tools.resolve('binaryen/package.json')), 'bin/wasm-opt');
const dist = fileURLToPath(new URL('dist', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'authress-login-sandbox-'));
try {
  const run = (/** @type {string} */ program, /** @type {string[]} */ args) =>
    execFileSync(program, args, { stdio: 'inherit' });
  run(wasmBindgen, ['--target', 'web', '--no-typescript', '--out-name', NAME, '--out-dir', work, module]);
  const bound = join(work, `${NAME}_bg.wasm`);
  const optimised = join(work, 'optimised.wasm');
  run(process.execPath, [
    wasmOpt,
    '-Oz',
    '--strip-producers',
    ...FEATURES.map((name) => `--enable-${name}`),
    bound,
    '-o',
    optimised,
  ]);
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(join(dist, `${NAME}.js`), readFileSync(join(work, `${NAME}.js`)));
  writeFileSync(join(dist, `${NAME}_bg.wasm`), readFileSync(optimised));
} finally {
  rmSync(work, { recursive: true });
}
