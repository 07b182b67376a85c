// node xtask/sandbox-package.mjs WASM-BINDGEN MODULE FOLDER: builds sandbox-pkg/dist from the compiled module.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
// The glue for pages without modules is a script with all of its state in one function.
run(wasmBindgen, ['--target', 'no-modules', '--no-typescript', '--out-name', NAME, '--out-dir', bound, module]);
const optimised = join(folder, `${NAME}_bg.wasm`);
run(process.execPath, [wasmOpt, '-Oz', ...WASM_FEATURES, join(bound, `${NAME}_bg.wasm`), '-o', optimised]);
const script = readFileSync(join(bound, `${NAME}.js`), 'utf8');
if (!/^let wasm_bindgen\b/.test(script)) throw new Error('the glue of wasm-bindgen does not begin as expected');
writeFileSync(
  join(folder, `${NAME}.js`),
  `// @ts-nocheck\n// Each call returns glue with a WebAssembly instance of its own.\nexport function glue() {\n${script}\nreturn wasm_bindgen;\n}\n`,
);
rmSync(bound, { recursive: true });
