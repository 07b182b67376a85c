// What the benchmark's server serves: the same page once for each client.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { build } from 'esbuild';

export const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const output = join(workspace, 'target/bench-client');
const MODULE = 'authress_login_wasm_bg.wasm';
const PUBLISHED = '@authress/login';

/** Where a login in the background ends. */
export const BACKGROUND_REDIRECT_URL = '/signed-in.txt';

/** @import { LoginClientSettings } from 'authress-login-wasm' */

/**
 * There is a `baseline` only in a run that compares with an earlier build.
 * @typedef {keyof Clients} ClientName
 */

/**
 * A client under test: the entry that a page is bundled with, the folder of its WebAssembly files, if it has any, and whether
 * it can log in without leaving the page.
 * @typedef {{ entry: string, folder?: string, canStay?: boolean }} Client
 */

/** @typedef {{ ours: Client, baseline?: Client, reference: Client }} Clients */

/**
 * A file as the server sends it: `body` is compressed, `raw` its size before.
 * @typedef {{ type: string, body: Buffer, raw: number, cache: string }} Asset
 */

/**
 * The files by their paths.
 * @typedef {Map<string, Asset>} Files
 */

/**
 * What every page gets.
 * @typedef {{ settings: LoginClientSettings, connectionId: string }} PageSettings
 */

/**
 * The clients under test by name, which is also the name of their folder on the server.
 * @param {string} [baseline] the `dist` folder of an earlier build of this package
 * @returns {Clients}
 */
export function clients(baseline) {
  /** @type {(folder: string) => Client} */
  const built = (folder) => {
    const entry = join(folder, 'index.js');
    if (!existsSync(entry)) throw new Error(`${entry} is missing: give the dist folder of a build of this package`);
    return { entry, folder, canStay: readFileSync(entry, 'utf8').includes('backgroundRedirectUrl') };
  };
  return {
    ours: built(join(workspace, 'pkg/dist')),
    ...(baseline && { baseline: built(resolve(baseline)) }),
    reference: { entry: PUBLISHED },
  };
}

/** The tasks of `page.js` whose page has the documented hint for the module: those on which a login begins or ends. */
const HINTED = ['visit', 'stay', 'press', 'press-stay', 'callback', 'idle'];
/** Pages on which most shoppers have a session already, or none and no login: without the hint, as documented. */
const UNHINTED = ['token', 'signed-out', 'elsewhere'];
/**
 * The documented hints: for the module, with its hash, and for the bundler's file with the JavaScript that runs it. The
 * published client is one script, which the page names anyway.
 * @param {string} modules the folder of the module
 * @param {import('esbuild').Metafile['outputs']} outputs
 */
function hints(modules, outputs) {
  const hashes = join(modules, 'integrity.json');
  // An earlier build has no hashes.
  const integrity = existsSync(hashes) ? `integrity="${JSON.parse(readFileSync(hashes, 'utf8'))[MODULE]}" ` : '';
  const module = `<link rel="preload" as="fetch" type="application/wasm" crossorigin ${integrity}href="assets/${MODULE}">`;
  const scripts = Object.keys(outputs).filter((path) =>
    Object.keys(outputs[path].inputs).some((input) => input.endsWith('dist/module.js')),
  );
  return [...scripts.map((path) => `<link rel="modulepreload" href="assets/${basename(path)}">`), module].join('\n');
}

/** @type {(settings: PageSettings, hint: string) => string} */
const html = (settings, hint) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A shop</title>
<link rel="icon" href="data:,">
<link rel="modulepreload" href="assets/page.js">
${hint}
<script>window.beganAt = Number(sessionStorage.began ??= performance.timeOrigin);</script>
<script type="application/json" id="settings">${JSON.stringify(settings)}</script>
<script type="module" src="assets/page.js"></script>
<h1>A shop</h1>
<p>Mugs, vases and bowls, made by hand.</p>
</html>
`;

/**
 * Builds the page of each client as a bundler would.
 * @param {Clients} clients
 * @param {PageSettings} settings
 */
export async function buildPages(clients, settings) {
  rmSync(output, { recursive: true, force: true });
  /** @type {Files} */
  const files = new Map();
  files.set(BACKGROUND_REDIRECT_URL, { ...asset(Buffer.from('Signed in.\n'), 'text/plain'), cache: 'no-cache' });
  for (const [client, { entry, folder: modules }] of /** @type {[string, Client][]} */ (Object.entries(clients))) {
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
    const names = Object.keys(metafile.outputs).map((path) => basename(path));
    if (modules) {
      for (const name of readdirSync(modules).filter((name) => name.endsWith('.wasm'))) {
        copyFileSync(join(modules, name), join(folder, name));
        names.push(name);
      }
    }
    for (const name of names) {
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript; charset=utf-8';
      files.set(`/${client}/assets/${name}`, asset(readFileSync(join(folder, name)), type));
    }
    /** @type {(hint: string) => Asset} */
    const page = (hint) => ({
      ...asset(Buffer.from(html(settings, hint)), 'text/html; charset=utf-8'),
      cache: 'no-cache',
    });
    for (const task of HINTED) files.set(`/${client}/${task}`, page(modules ? hints(modules, metafile.outputs) : ''));
    for (const task of UNHINTED) files.set(`/${client}/${task}`, page(''));
  }
  return files;
}

/**
 * @param {Buffer} raw
 * @param {string} type
 * @returns {Asset}
 */
function asset(raw, type) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
  return {
    type,
    body: brotliCompressSync(raw, { params }),
    raw: raw.length,
    cache: 'public, max-age=31536000, immutable',
  };
}
