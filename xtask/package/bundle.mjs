// Bundles the entries of the package with esbuild and terser, and writes them beside the `.wasm` files.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const requireOfTests = createRequire(new URL('../../tests/package.json', import.meta.url));
/** @type {typeof import('../../tests/node_modules/esbuild/lib/main.js')} */
const { build } = requireOfTests('esbuild');
/** @type {{ minify: (code: string, options: object) => Promise<{ code: string }> }} */
const { minify } = requireOfTests('terser');
const sources = fileURLToPath(new URL('../../pkg/src', import.meta.url));

/** @typedef {{ contents: string, loader: 'js' } | { file: string }} Generated a text that the build made, or a file of the sources */
/** @typedef {{ loader?: string, modules?: Record<string, Generated> }} Replacements */
/** @typedef {import('../../tests/node_modules/esbuild/lib/main.js').BuildOptions} BuildOptions */

/**
 * An esbuild plugin that resolves `generated:name` to a text that the build made, or to a file of the sources. `loader` is the
 * file to use instead of module-loader.js.
 * @param {Replacements} replacements
 */
function generated({ loader, modules = {} }) {
  return {
    name: 'generated',
    /** @param {import('../../tests/node_modules/esbuild/lib/main.js').PluginBuild} build */
    setup({ onResolve, onLoad }) {
      if (loader) onResolve({ filter: /^\.\/module-loader\.js$/ }, () => ({ path: join(sources, loader) }));
      onResolve({ filter: /^generated:/ }, ({ path }) => {
        const module = modules[path.slice('generated:'.length)];
        if (module === undefined) return { errors: [{ text: `${path} is not made here` }] };
        return 'file' in module ? { path: join(sources, module.file) } : { path, namespace: 'generated' };
      });
      onLoad({ filter: /./, namespace: 'generated' }, ({ path }) => {
        const module = modules[path.slice('generated:'.length)];
        return 'file' in module ? null : module;
      });
    },
  };
}

/** @type {(entry: string, outfile: string, replacements: Replacements, more?: BuildOptions) => Promise<void>} */
async function bundle(entry, outfile, replacements, more) {
  await build({
    absWorkingDir: sources,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    external: ['./fallback.js', './module.js'],
    plugins: [generated(replacements)],
    // The package does not depend on the tsconfig.json that checks the types.
    tsconfigRaw: {},
    ...more,
  });
}

/** @type {(contents: string) => Generated} */
const text = (contents) => ({ contents, loader: 'js' });

/**
 * Bundles a file that shoppers download: terser makes it smaller than esbuild does.
 * @type {typeof bundle}
 */
async function bundleSmall(entry, outfile, replacements, more) {
  await bundle(entry, outfile, replacements, more);
  const isModule = !['iife', 'cjs'].includes(more?.format ?? 'esm');
  const { code } = await minify(readFileSync(outfile, 'utf8'), {
    ecma: 2022,
    module: isModule,
    compress: { passes: 3 },
    format: { ascii_only: more?.charset === 'ascii', comments: /Apache-2\.0/, wrap_func_args: true },
  });
  writeFileSync(outfile, `${code}\n`);
}

/**
 * Writes the files of the entries.
 * @param {Awaited<ReturnType<typeof import('./module.mjs').webAssembly>>} module
 * @param {Awaited<ReturnType<typeof import('./module.mjs').javaScript>>} javaScript
 * @param {string} folder
 */
export async function writeEntries(module, javaScript, folder) {
  /** @param {string} name */
  const file = (name) => join(folder, name);
  /** @param {string} part */
  const fileOfPart = (part) => (part === 'core' ? 'authress_login_wasm_bg.wasm' : `${part}_bg.wasm`);
  for (const [part, wasm] of Object.entries(module.parts)) writeFileSync(file(fileOfPart(part)), wasm);
  const id = text(`export default ${JSON.stringify(module.build)};`);
  const glue = text(module.glue);
  const fallback = { glue: text(javaScript.glue), code: text(javaScript.code) };
  await bundle('fallback.js', file('fallback.js'), { modules: fallback }, { external: [] });
  await bundleSmall('module-instance.js', file('module.js'), { modules: { build: id, glue } });
  /** @type {(bytes: Buffer) => string} */
  const hash = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
  const ofParts = Object.fromEntries(Object.entries(module.parts).map(([part, wasm]) => [part, hash(wasm)]));
  const ofScripts = Object.fromEntries(
    ['module.js', 'fallback.js'].map((name) => [name, hash(readFileSync(file(name)))]),
  );
  /**
   * @param {string} source the file with the locations of the other files
   * @param {Record<string, string>} [integrity] the hashes of those files
   */
  const beside = (source, integrity) => ({
    build: id,
    integrity: text(`export default ${JSON.stringify(integrity)};`),
    sources: { file: source },
  });
  const ofAll = { ...ofParts, ...ofScripts };
  await bundleSmall('index.js', file('index.js'), { modules: beside('source-url.js', ofAll) });
  // A comment names the file to those who find it on a page.
  /** @type {BuildOptions} */
  const script = {
    format: 'iife',
    globalName: 'AuthressLogin',
    banner: { js: '/* authress-login-wasm, Apache-2.0 */' },
  };
  await bundleSmall('index.js', file('script.js'), { modules: beside('source-script.js', ofAll) }, script);
  // One character per byte compresses like the bytes; base64 would add a third.
  const bytes = text(`export default ${JSON.stringify(module.whole.toString('latin1'))};`);
  /** @type {BuildOptions} */
  const inOneFile = { charset: 'ascii', external: ['./fallback.js'] };
  await bundleSmall(
    'index.js',
    file('inline.js'),
    { modules: { ...beside('source-inline.js'), glue, bytes } },
    inOneFile,
  );
  const withoutModule = { loader: 'no-module.js' };
  await bundleSmall('index.js', file('server.js'), withoutModule);
  await bundle('test-double.js', file('testing.js'), withoutModule, { minify: false });
  // Jest does not read ES modules in packages.
  /** @type {BuildOptions} */
  const forJest = { format: 'cjs', minify: false, packages: 'external' };
  await bundle('test-double.js', file('testing.cjs'), withoutModule, forJest);
  // For servers, where readable code helps more than small code. jose is the application's own.
  /** @type {BuildOptions} */
  const forServers = { minify: false, packages: 'external' };
  await bundle('server/index.js', file('shopper-verifier.js'), {}, forServers);
  await bundle('server/in-browser.js', file('shopper-verifier-in-browser.js'), {}, { minify: false });
  const published = ['index.js', 'script.js', 'inline.js', ...Object.keys(ofScripts)];
  const hashes = {
    ...Object.fromEntries(published.map((name) => [name, hash(readFileSync(file(name)))])),
    ...Object.fromEntries(Object.keys(ofParts).map((part) => [fileOfPart(part), ofParts[part]])),
  };
  writeFileSync(file('integrity.json'), `${JSON.stringify(hashes, null, 2)}\n`);
  for (const name of ['react', 'vue']) await bundle(`../${name}.js`, file(`${name}.cjs`), {}, forJest);
}
