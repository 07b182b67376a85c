// Prints the size of each file named on the command line, and of all together, in bytes.
// Compression is Node's own, so that the numbers do not depend on what else is installed.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const measure = (path) => {
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  return [basename(path), bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length];
};

const row = ([name, ...sizes]) => name.padEnd(34) + sizes.map((size) => String(size).padStart(10)).join('');

const missing = process.argv.slice(2).filter((path) => !existsSync(path));
if (missing.length > 0) {
  console.error(`not there: ${missing.join(', ')}`);
  process.exit(1);
}
const rows = process.argv.slice(2).map(measure);
const total = rows.reduce((sum, [, ...sizes]) => sizes.map((size, column) => size + (sum[column] ?? 0)), []);
console.log(row(['bytes', 'raw', 'gzip 9', 'brotli 11']));
rows.forEach((sizes) => console.log(row(sizes)));
console.log(row(['together', ...total]));
