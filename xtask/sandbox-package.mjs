// node xtask/sandbox-package.mjs WASM-BINDGEN MODULE FOLDER: builds sandbox-pkg/dist from the compiled module.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const NAME = 'authress_sandbox';
/** Features that the compiler uses by default and that Node.js 20 has. wasm-opt refuses a module with others. */
const FEATURES = [
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

const [wasmBindgen, module, folder] = process.argv.slice(2);
const tools = createRequire(new URL('../tests/package.json', import.meta.url));
const wasmOpt = join(dirname(tools.resolve('binaryen/package.json')), 'bin/wasm-opt');

/**
 * @param {string} program
 * @param {string[]} args
 */
const run = (program, args) => execFileSync(program, args, { stdio: 'inherit' });

mkdirSync(folder, { recursive: true });
const bound = join(folder, 'bound');
run(wasmBindgen, ['--target', 'web', '--no-typescript', '--out-name', NAME, '--out-dir', bound, module]);
const optimised = join(folder, `${NAME}_bg.wasm`);
run(process.execPath, [wasmOpt, '-Oz', ...FEATURES, join(bound, `${NAME}_bg.wasm`), '-o', optimised]);
copyFileSync(join(bound, `${NAME}.js`), join(folder, `${NAME}.js`));
rmSync(bound, { recursive: true });
