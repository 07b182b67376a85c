// node tests/bench/sizes.mjs: what a page downloads with this package, and with each of its peers for the same job.
// Replaces the table in docs/benchmarks.md.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { between } from './client/between.mjs';
import { PEERS, SHIPPED } from './peers/peers.mjs';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
const peers = fileURLToPath(new URL('peers', import.meta.url));

/**
 * The sizes of the files together: minified, gzip, brotli.
 * @param {Uint8Array[]} files
 */
function sizes(files) {
  const all = files.map((bytes) => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length];
  });
  return all.reduce((left, right) => left.map((size, index) => size + right[index]));
}

/**
 * @param {string} contents
 * @param {string} resolveDir
 */
async function bundled(contents, resolveDir) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['./fallback.js'],
  });
  return outputFiles[0].contents;
}

/** @type {(name: string, folder: string) => string} */
const versionOf = (name, folder) =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;

const rows = [];
for (const { title, from, code } of PEERS) {
  const folder = from === '@authress/login' ? join(workspace, 'tests') : peers;
  rows.push({
    title,
    what: `${from.replace(/-2\.1$/, '')} ${versionOf(from, folder)}`,
    sizes: sizes([await bundled(code, folder)]),
  });
}
for (const { title, from, file } of SHIPPED) {
  rows.push({
    title,
    what: `${from} ${versionOf(from, peers)}`,
    sizes: sizes([readFileSync(join(peers, 'node_modules', from, file))]),
  });
}
const published = PEERS.find(({ from }) => from === '@authress/login');
assert.ok(published);
const own = published.code.replace('@authress/login', './pkg/dist/index.js');
const module = readFileSync(join(workspace, 'pkg/dist/authress_login_wasm_bg.wasm'));
const { version } = JSON.parse(readFileSync(join(workspace, 'pkg/package.json'), 'utf8'));
rows.push({
  title: '**authress-login-wasm**',
  what: `this package ${version}, its module included`,
  sizes: sizes([await bundled(own, workspace), module]),
});

rows.sort((left, right) => left.sizes[2] - right.sizes[2]);
const table = [
  '| | | minified | gzip 9 | brotli 11 |',
  '|---|---|---:|---:|---:|',
  ...rows.map(
    ({ title, what, sizes: list }) =>
      `| ${title} | ${what} | ${list.map((size) => size.toLocaleString('en')).join(' | ')} |`,
  ),
].join('\n');
const file = join(workspace, 'docs/benchmarks.md');
writeFileSync(file, between(readFileSync(file, 'utf8'), 'sizes', table));
console.log(table);
