// node xtask/size.mjs --check|--write BUDGET LIBRARY FOLDER: the sizes of the built package, in bytes. LIBRARY is
// the form of the standard library that the module was built with: small or plain.
// Compression is Node's own, so that the numbers do not depend on what else is installed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const CORE = 'authress_login_wasm_bg.wasm';
/** What a page downloads by the default entry, and by the others instead. The first is what the budget is for. */
const DOWNLOADS = {
  default: ['index.js', CORE],
  'first call of an account method': ['account_bg.wasm'],
  inline: ['inline.js'],
  script: ['script.js', CORE],
  'without WebAssembly': ['index.js', 'fallback.js'],
  'on a server': ['server.js'],
};

const [mode, budgetFile, library, folder] = process.argv.slice(2);

function sizes(file) {
  const bytes = readFileSync(join(folder, file));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

const sum = (list) =>
  list.reduce((left, right) => ({
    raw: left.raw + right.raw,
    gzip: left.gzip + right.gzip,
    brotli: left.brotli + right.brotli,
  }));
const row = (name, ...cells) => console.log(name.padEnd(34) + cells.map((cell) => String(cell).padStart(12)).join(''));
const change = (now, before) => `${now >= before ? '+' : ''}${now - before}`;

const files = Object.fromEntries([...new Set(Object.values(DOWNLOADS).flat())].map((file) => [file, sizes(file)]));
row('bytes', 'raw', 'gzip 9', 'brotli 11');
for (const [name, { raw, gzip, brotli }] of Object.entries(files)) row(name, raw, gzip, brotli);
for (const [entry, parts] of Object.entries(DOWNLOADS)) {
  const { raw, gzip, brotli } = sum(parts.map((file) => files[file]));
  row(`entry: ${entry}`, raw, gzip, brotli);
}

const budgets = JSON.parse(readFileSync(budgetFile, 'utf8'));
const budget = budgets[library];
const total = sum(DOWNLOADS.default.map((file) => files[file]));
row(
  `default entry, ${library}: change`,
  ...['raw', 'gzip', 'brotli'].map((kind) => change(total[kind], budget.measured[kind])),
);
if (total.brotli > budget.brotliLimit) {
  console.error(
    `The default entry is ${total.brotli} bytes, which is ${total.brotli - budget.brotliLimit} more than the limit of ${budget.brotliLimit} in ${budgetFile}.`,
  );
  process.exitCode = 1;
}
if (mode === '--write')
  writeFileSync(budgetFile, `${JSON.stringify({ ...budgets, [library]: { ...budget, measured: total } }, null, 2)}\n`);
