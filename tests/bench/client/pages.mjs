// What the benchmark's server serves: the same page twice, once for each client.

import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { build } from 'esbuild';

export const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const output = join(workspace, 'target/bench-client');
const MODULE = 'authress_login_wasm_bg.wasm';

/** Which package a page is built with; the names are those of the folders on the server. */
export const CLIENTS = {
  ours: join(workspace, 'pkg/dist/index.js'),
  reference: '@authress/login',
};

/** Our documented hint. The published client is one script, which the page names anyway. */
const HINT = `<link rel="preload" as="fetch" type="application/wasm" crossorigin href="assets/${MODULE}">`;
const hasModule = (client) => client !== 'reference';

const html = (client, settings) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A shop</title>
<link rel="icon" href="data:,">
<link rel="modulepreload" href="assets/page.js">
${hasModule(client) ? HINT : ''}
<script>window.beganAt = Number(sessionStorage.began ??= performance.timeOrigin);</script>
<script type="application/json" id="settings">${JSON.stringify(settings)}</script>
<script type="module" src="assets/page.js"></script>
<h1>A shop</h1>
<p>Mugs, vases and bowls, made by hand.</p>
</html>
`;

/** Builds both pages as a bundler would. @returns the bytes of each file by its address, compressed */
export async function buildPages(settings) {
  rmSync(output, { recursive: true, force: true });
  const files = new Map();
  for (const [client, entry] of Object.entries(CLIENTS)) {
    const folder = join(output, client);
    mkdirSync(folder, { recursive: true });
    const { metafile } = await build({
      absWorkingDir: join(workspace, 'tests'),
      entryPoints: [join(here, 'page.js')],
      outdir: folder,
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
      alias: { 'client-under-test': entry },
      metafile: true,
      // When the script begins to run, before anything of the client does.
      banner: { js: 'performance.mark("script");' },
    });
    const names = Object.keys(metafile.outputs).map((path) => path.split('/').at(-1));
    if (hasModule(client)) {
      copyFileSync(join(workspace, 'pkg/dist', MODULE), join(folder, MODULE));
      names.push(MODULE);
    }
    for (const name of names) {
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript; charset=utf-8';
      files.set(`/${client}/assets/${name}`, asset(readFileSync(join(folder, name)), type));
    }
    const page = { ...asset(Buffer.from(html(client, settings)), 'text/html; charset=utf-8'), cache: 'no-cache' };
    for (const task of ['visit', 'token', 'idle', 'elsewhere']) files.set(`/${client}/${task}`, page);
  }
  return files;
}

function asset(raw, type) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
  return {
    type,
    body: brotliCompressSync(raw, { params }),
    raw: raw.length,
    cache: 'public, max-age=31536000, immutable',
  };
}
