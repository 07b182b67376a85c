// The files that browsers load: one for each entry of the package, with everything it needs inside.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { build } = createRequire(new URL('../../tests/package.json', import.meta.url))('esbuild');
const sources = fileURLToPath(new URL('../../pkg', import.meta.url));

/** Imports of `generated:name` are answered by what was made here, or by the file of the sources that is named. */
function generated(modules) {
  return {
    name: 'generated',
    setup({ onResolve, onLoad }) {
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
    external: ['./fallback.js', './account.js'],
    plugins: [generated(modules)],
    ...more,
  });
}

const text = (contents) => ({ contents, loader: 'js' });

/**
 * @param core what shoppers need: `{wasm, glue}` @param account the same and the account's methods
 * @param javaScript `{code, glue}` @param folder where the files go
 */
export async function writeEntries(core, account, javaScript, folder) {
  const file = (name) => join(folder, name);
  writeFileSync(file('authress_login_wasm_bg.wasm'), core.wasm);
  writeFileSync(file('account_bg.wasm'), account.wasm);
  const separate = (source) => ({
    glue: text(core.glue), source: { file: source }, account: { file: 'account-separate.js' },
  });
  await bundle('index.js', file('index.js'), separate('source-url.js'));
  // A comment tells whoever finds the file on a page what it is.
  const script = { format: 'iife', globalName: 'AuthressLogin', banner: { js: '/* authress-login-wasm, Apache-2.0 */' } };
  await bundle('index.js', file('script.js'), separate('source-script.js'), script);
  await bundle('account.js', file('account.js'), { glue: text(account.glue) });
  // A letter for each byte compresses as well as the bytes do; base64 would cost a third more.
  const bytes = text(`export default ${JSON.stringify(Buffer.from(account.wasm).toString('latin1'))};`);
  const inside = {
    glue: text(account.glue), bytes, source: { file: 'source-inline.js' }, account: { file: 'account-inside.js' },
  };
  await bundle('index.js', file('inline.js'), inside, { charset: 'ascii' });
  const fallback = { glue: text(javaScript.glue), code: text(javaScript.code) };
  await bundle('fallback.js', file('fallback.js'), fallback, { external: [] });
}
