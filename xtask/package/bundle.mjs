// Bundles the entries of the package with esbuild and terser, and writes them beside the `.wasm` files.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../tests/package.json', import.meta.url));
const { build } = require('esbuild');
const { minify } = require('terser');
const sources = fileURLToPath(new URL('../../pkg/src', import.meta.url));

/**
 * An esbuild plugin that resolves `generated:name` to a text that the build made, or to a file of the sources. `loader` is the
 * file to use instead of module-loader.js.
 */
function generated({ loader, ...modules }) {
  return {
    name: 'generated',
    setup({ onResolve, onLoad }) {
      if (loader) onResolve({ filter: /^\.\/module-loader\.js$/ }, () => ({ path: join(sources, loader) }));
      onResolve({ filter: /^generated:/ }, ({ path }) => {
        const module = modules[path.slice('generated:'.length)];
        if (module === undefined) return { errors: [{ text: `${path} is not made here` }] };
        return module.file ? { path: join(sources, module.file) } : { path, namespace: 'generated' };
      });
      onLoad({ filter: /./, namespace: 'generated' }, ({ path }) => modules[path.slice('generated:'.length)]);
    },
  };
}

async function bundle(entry, outfile, modules, more) {
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
    plugins: [generated(modules)],
    ...more,
  });
}

const text = (contents) => ({ contents, loader: 'js' });

/** Bundles a file that shoppers download: terser makes it smaller than esbuild does. */
async function bundleSmall(entry, outfile, modules, more) {
  await bundle(entry, outfile, modules, more);
  const isModule = !['iife', 'cjs'].includes(more?.format);
  const { code } = await minify(readFileSync(outfile, 'utf8'), {
    ecma: 2022,
    module: isModule,
    compress: { passes: 3 },
    format: { ascii_only: more?.charset === 'ascii', comments: /Apache-2\.0/, wrap_func_args: true },
  });
  writeFileSync(outfile, `${code}\n`);
}

/**
 * @param module `{whole, parts, glue, build}` @param javaScript `{code, glue}` @param folder where the files go
 */
export async function writeEntries(module, javaScript, folder) {
  const file = (name) => join(folder, name);
  const { core, ...parts } = module.parts;
  writeFileSync(file('authress_login_wasm_bg.wasm'), core);
  for (const [part, wasm] of Object.entries(parts)) writeFileSync(file(`${part}_bg.wasm`), wasm);
  const build = text(`export default ${JSON.stringify(module.build)};`);
  const glue = text(module.glue);
  const beside = (sources) => ({ build, sources: { file: sources } });
  await bundleSmall('index.js', file('index.js'), beside('source-url.js'));
  await bundleSmall('module-instance.js', file('module.js'), { build, glue });
  // A comment names the file to those who find it on a page.
  const script = {
    format: 'iife',
    globalName: 'AuthressLogin',
    banner: { js: '/* authress-login-wasm, Apache-2.0 */' },
  };
  await bundleSmall('index.js', file('script.js'), beside('source-script.js'), script);
  // One character per byte compresses like the bytes; base64 would add a third.
  const bytes = text(`export default ${JSON.stringify(module.whole.toString('latin1'))};`);
  const inOneFile = { charset: 'ascii', external: ['./fallback.js'] };
  await bundleSmall('index.js', file('inline.js'), { ...beside('source-inline.js'), glue, bytes }, inOneFile);
  const withoutModule = { loader: 'no-module.js' };
  await bundleSmall('index.js', file('server.js'), withoutModule);
  await bundle('test-double.js', file('testing.js'), withoutModule, { minify: false });
  // Jest does not read ES modules in packages.
  const forJest = { format: 'cjs', minify: false, packages: 'external' };
  await bundle('test-double.js', file('testing.cjs'), withoutModule, forJest);
  for (const name of ['react', 'vue']) await bundle(`../${name}.js`, file(`${name}.cjs`), {}, forJest);
  const fallback = { glue: text(javaScript.glue), code: text(javaScript.code) };
  await bundle('fallback.js', file('fallback.js'), fallback, { external: [] });
}
