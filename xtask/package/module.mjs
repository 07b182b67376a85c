// Makes the two forms of the module from the compiler's output: WebAssembly, and JavaScript for browsers without WebAssembly.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { withoutFeatures } from './features.mjs';
import { makeFactory, unusedExports } from './glue.mjs';
import { split } from './parts.mjs';
import { withoutReferences } from './references.mjs';
import { customSection } from './sections.mjs';
import { WASM_FEATURES } from './wasm-features.mjs';

const NAME = 'authress_login_wasm';
/** The module name of the imports, before names are shortened. */
const GLUE_MODULE = `./${NAME}_bg.js`;
/** The parts beside the core, by their exports; see parts.mjs. */
const PARTS = {
  account: [
    'loginclient_callAccount',
    'extensionclient_new',
    'extensionclient_call',
    'extensionclient_getUserIdentity',
    'extensionclient_getTokenResponse',
  ],
};
/** An export that the core alone does not have. */
const [BEYOND_CORE] = PARTS.account;
const SOURCES = fileURLToPath(new URL('../../pkg', import.meta.url));
/** The length of a build's id in hexadecimal digits. */
const BUILD_LENGTH = 8;
/** Those of every module, and one that the supported browsers have besides. */
const FEATURES = [...WASM_FEATURES, '--enable-simd'];
/** Inlines functions of up to six operations, as in xtask/src/build.rs. */
const FEWER_FUNCTIONS = ['--always-inline-max-function-size', '6'];
/** A repeated expression compresses better than a local variable. */
const REPEATS = '--skip-pass=local-cse';
/** The first kilobyte of memory, the stack's far end, is not accessed: additions become offsets of memory accesses. */
const ADDRESSES = '--low-memory-unused';
/** Removes alignment hints, which engines ignore and which compress badly. */
const ALIGNMENT = '--dealign';
const LOWERED = [
  '--llvm-memory-copy-fill-lowering',
  '--llvm-nontrapping-fptoint-lowering',
  '--signext-lowering',
  '--strip-target-features',
];

const binaryen = dirname(
  createRequire(new URL('../../tests/package.json', import.meta.url)).resolve('binaryen/package.json'),
);

/**
 * @param {string} program
 * @param {string[]} args
 */
async function run(program, args) {
  const { stdout, stderr } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 28 });
  if (stderr.trim()) console.error(stderr.trim());
  return stdout;
}

/**
 * @param {string} program
 * @param {string} module
 * @param {string} folder
 */
async function bindgen(program, module, folder) {
  await run(program, [
    '--target',
    'bundler',
    '--out-name',
    NAME,
    '--remove-name-section',
    '--remove-producers-section',
    '--no-typescript',
    '--out-dir',
    folder,
    module,
  ]);
  return { module: join(folder, `${NAME}_bg.wasm`), glue: readFileSync(join(folder, `${NAME}_bg.js`), 'utf8') };
}

/**
 * @param {string} glue
 */
function initialValues(glue) {
  const [, empty, more] = glue.match(/heap = new Array\((\d+)\)\.fill\(undefined\);\s*heap\.push\(([^)]*)\)/) ?? [];
  if (!more) throw new Error('the glue keeps its values in an unknown form');
  return Number(empty) + more.split(',').length;
}

/**
 * @param {...string} args
 */
const wasmOpt = (...args) => run(process.execPath, [join(binaryen, 'bin/wasm-opt'), ...FEATURES, ...args]);

/**
 * The id that all files of a build have: names in them are short, so files of two builds would link and misbehave.
 * @param {Buffer} whole
 */
function buildId(whole) {
  const hash = createHash('sha256').update(whole);
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/^(src|generated)\/.*\.js$/.test(file)) hash.update(readFileSync(join(SOURCES, file)));
  }
  return hash.digest('hex').slice(0, BUILD_LENGTH);
}

/**
 * Builds the WebAssembly form of the module.
 * @param {string} wasmBindgen the program
 * @param {string} compiled the linker's output
 * @param {string} work a folder for intermediate files
 * @returns the module's bytes, the bytes of its parts, the text of an ES module that creates the glue, and the id of the build
 */
export async function webAssembly(wasmBindgen, compiled, work) {
  const linked = readFileSync(compiled);
  const plain = join(work, 'plain.wasm');
  writeFileSync(plain, withoutReferences(linked));
  const { module, glue } = await bindgen(wasmBindgen, plain, join(work, 'wasm'));
  const optimised = join(work, 'module.wasm');
  await wasmOpt(
    ADDRESSES,
    '-Oz',
    ...FEWER_FUNCTIONS,
    REPEATS,
    ALIGNMENT,
    '--strip-debug',
    '--strip-producers',
    '--strip-target-features',
    module,
    '-o',
    optimised,
  );
  // Names with hashes compress badly.
  /** @type {{ imports: [module: string, long: string, short: string][], exports: [long: string, short: string][] }} */
  const names = JSON.parse(await wasmOpt('--minify-imports-and-exports-and-modules', optimised, '-o', optimised));
  if (names.imports.some(([from]) => from !== GLUE_MODULE))
    throw new Error('the module imports from elsewhere than the glue');
  const map = {
    imports: new Map(names.imports.map(([, long, short]) => [long, short])),
    exports: new Map(names.exports),
  };
  const calls = await wasmOpt('--print-call-graph', optimised, '-o', '/dev/null');
  const whole = readFileSync(optimised);
  const unused = unusedExports(glue, [...map.exports.keys()]).map((long) => map.exports.get(long));
  const parts = split({ linked, whole, calls, names: map.exports, unused }, PARTS);
  const build = buildId(whole);
  /** @param {Buffer} wasm */
  const marked = (wasm) => Buffer.concat([wasm, customSection('build', Buffer.from(build))]);
  return {
    whole: marked(whole),
    parts: Object.fromEntries(Object.entries(parts).map(([part, wasm]) => [part, marked(wasm)])),
    glue: makeFactory(glue, BEYOND_CORE, map),
    build,
  };
}

/**
 * Builds the JavaScript form of the module.
 * @param {string} wasmBindgen the program
 * @param {string} compiled the linker's output
 * @param {string} work a folder for intermediate files
 * @returns the texts of ES modules that create an instance and its glue
 */
export async function javaScript(wasmBindgen, compiled, work) {
  const plain = join(work, 'plain.wasm');
  writeFileSync(plain, withoutFeatures(readFileSync(compiled)));
  const { module, glue } = await bindgen(wasmBindgen, plain, join(work, 'javascript'));
  await wasmOpt(...LOWERED, module, '-o', plain);
  const code = await run(process.execPath, [join(binaryen, 'bin/wasm2js'), '-Oz', '--emscripten', plain]);
  // The number of initial values in the glue's list; wasm-bindgen keeps it in the second table, which is missing here.
  const table = `{ __wbindgen_externref_statics_end: () => ${initialValues(glue)} }`;
  const imports = `{ ${JSON.stringify(GLUE_MODULE)}: glue, __wbindgen_externref_xform__: ${table} }`;
  return { code: `${code}\nexport default (glue) => instantiate(${imports});\n`, glue: makeFactory(glue, BEYOND_CORE) };
}
