// node xtask/sandbox-package.mjs WASM-BINDGEN MODULE FOLDER: builds sandbox-pkg/dist from the compiled module.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { WASM_FEATURES } from './package/wasm-features.mjs';

const NAME = 'authress_sandbox';
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
run(process.execPath, [wasmOpt, '-Oz', ...WASM_FEATURES, join(bound, `${NAME}_bg.wasm`), '-o', optimised]);
copyFileSync(join(bound, `${NAME}.js`), join(folder, `${NAME}.js`));
rmSync(bound, { recursive: true });
