// node xtask/size.mjs --check|--write BUDGET LIBRARY FOLDER: prints the sizes of the built package, in bytes. LIBRARY is the
// form of the standard library that the module was built with: small or plain.
// Node.js compresses, so that the numbers do not depend on other programs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const CORE = 'authress_login_wasm_bg.wasm';
/**
 * The downloads of a page with each entry. The budget is for the first two.
 * @type {Record<string, string[]>}
 */
const DOWNLOADS = {
  'sign-in': ['index.js', 'module.js', CORE],
  'before the module': ['index.js'],
  'first call of an account method': ['account_bg.wasm'],
  inline: ['inline.js'],
  script: ['script.js', 'module.js', CORE],
  'without WebAssembly': ['index.js', 'module.js', 'fallback.js'],
  'on a server': ['server.js'],
};

const [mode, budgetFile, library, folder] = process.argv.slice(2);

/** @typedef {{ raw: number, gzip: number, brotli: number }} Sizes */
/** @typedef {{ brotliLimit: number, measured: Sizes }} Budget */

const KINDS = /** @type {const} */ (['raw', 'gzip', 'brotli']);

/**
 * @param {string} file
 * @returns {Sizes}
 */
function sizes(file) {
  const bytes = readFileSync(join(folder, file));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** @type {(list: Sizes[]) => Sizes} */
const sum = (list) =>
  list.reduce((left, right) => ({
    raw: left.raw + right.raw,
    gzip: left.gzip + right.gzip,
    brotli: left.brotli + right.brotli,
  }));
/** @type {(name: string, ...cells: unknown[]) => void} */
const row = (name, ...cells) => console.log(name.padEnd(34) + cells.map((cell) => String(cell).padStart(12)).join(''));
/** @type {(now: number, before: number) => string} */
const change = (now, before) => `${now >= before ? '+' : ''}${now - before}`;

const files = Object.fromEntries([...new Set(Object.values(DOWNLOADS).flat())].map((file) => [file, sizes(file)]));
row('bytes', 'raw', 'gzip 9', 'brotli 11');
for (const [name, { raw, gzip, brotli }] of Object.entries(files)) row(name, raw, gzip, brotli);
for (const [entry, parts] of Object.entries(DOWNLOADS)) {
  const { raw, gzip, brotli } = sum(parts.map((file) => files[file]));
  row(`entry: ${entry}`, raw, gzip, brotli);
}

const budgets = JSON.parse(readFileSync(budgetFile, 'utf8'));
for (const [entry, { brotliLimit, measured }] of Object.entries(
  /** @type {Record<string, Budget>} */ (budgets[library]),
)) {
  const total = sum(DOWNLOADS[entry].map((file) => files[file]));
  row(`${entry}, ${library}: change`, ...KINDS.map((kind) => change(total[kind], measured[kind])));
  if (total.brotli > brotliLimit) {
    console.error(
      `${entry}: ${total.brotli} bytes, which is ${total.brotli - brotliLimit} more than the limit of ${brotliLimit} in ${budgetFile}.`,
    );
    process.exitCode = 1;
  }
  budgets[library][entry].measured = total;
}
if (mode === '--write') writeFileSync(budgetFile, `${JSON.stringify(budgets, null, 2)}\n`);
