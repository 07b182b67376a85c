// From what the compiler made to the two forms of the module: WebAssembly, and JavaScript for browsers
// without it.
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

const NAME = 'authress_login_wasm';
/** The module's imports come from here, unless their names are shortened. */
const GLUE_MODULE = `./${NAME}_bg.js`;
/** The parts that follow the core when they are needed, and where they begin; see parts.mjs. */
const PARTS = {
  account: [
    'loginclient_callAccount',
    'extensionclient_new',
    'extensionclient_call',
    'extensionclient_getUserIdentity',
    'extensionclient_getTokenResponse',
  ],
};
/** An export of a part: the core alone does not have it. */
const [BEYOND_CORE] = PARTS.account;
const SOURCES = fileURLToPath(new URL('../../pkg', import.meta.url));
/** The length of a build's id in hexadecimal digits. */
const BUILD_LENGTH = 8;
/** What every browser of the last years has and what the compiler uses by default. wasm-opt refuses a module with
 * features it was not told of. */
const FEATURES = [
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
  '--enable-simd',
];
/** A function of up to six operations becomes part of its callers, as in xtask/src/build.rs. */
const FEWER_FUNCTIONS = ['--always-inline-max-function-size', '6'];
/** What is written twice compresses better than what is kept in a local. */
const REPEATS = '--skip-pass=local-cse';
/** No access wraps around to the first kilobyte of memory, which is the stack's far end: additions become part of accesses. */
const ADDRESSES = '--low-memory-unused';
/** Hints that no engine heeds, and that differ from access to access. */
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

async function run(program, args) {
  const { stdout, stderr } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 28 });
  if (stderr.trim()) console.error(stderr.trim());
  return stdout;
}

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

function initialValues(glue) {
  const [, empty, more] = glue.match(/heap = new Array\((\d+)\)\.fill\(undefined\);\s*heap\.push\(([^)]*)\)/) ?? [];
  if (!more) throw new Error('the glue keeps its values in a form that is not known here');
  return Number(empty) + more.split(',').length;
}

const wasmOpt = (...args) => run(process.execPath, [join(binaryen, 'bin/wasm-opt'), ...FEATURES, ...args]);

/** Names in the files are short, so those of two builds would fit together and be nonsense: each of them has this id. */
function buildId(whole) {
  const hash = createHash('sha256').update(whole);
  for (const file of readdirSync(SOURCES, { recursive: true }).sort()) {
    if (/^(src|generated)\//.test(file)) hash.update(readFileSync(join(SOURCES, file)));
  }
  return hash.digest('hex').slice(0, BUILD_LENGTH);
}

/** `{whole, parts, glue, build}`: the module's bytes, the same in parts, the text of a module that makes the glue, and which
 * build they are of. */
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
  // Names with hashes in them cost more than anything else of their length.
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
  const marked = (wasm) => Buffer.concat([wasm, customSection('build', Buffer.from(build))]);
  return {
    whole: marked(whole),
    parts: Object.fromEntries(Object.entries(parts).map(([part, wasm]) => [part, marked(wasm)])),
    glue: makeFactory(glue, BEYOND_CORE, map),
    build,
  };
}

/** `{code, glue}`: the texts of modules that make an instance and the glue. */
export async function javaScript(wasmBindgen, compiled, work) {
  const plain = join(work, 'plain.wasm');
  writeFileSync(plain, withoutFeatures(readFileSync(compiled)));
  const { module, glue } = await bindgen(wasmBindgen, plain, join(work, 'javascript'));
  await wasmOpt(...LOWERED, module, '-o', plain);
  const code = await run(process.execPath, [join(binaryen, 'bin/wasm2js'), '-Oz', '--emscripten', plain]);
  // wasm-bindgen leaves this to the second table, which is not there: how many values the glue's list begins with.
  const table = `{ __wbindgen_externref_statics_end: () => ${initialValues(glue)} }`;
  const imports = `{ ${JSON.stringify(GLUE_MODULE)}: glue, __wbindgen_externref_xform__: ${table} }`;
  return { code: `${code}\nexport default (glue) => instantiate(${imports});\n`, glue: makeFactory(glue, BEYOND_CORE) };
}
