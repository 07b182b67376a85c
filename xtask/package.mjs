// node xtask/package.mjs WASM-BINDGEN MODULE PORTABLE FOLDER: makes the generated part of the npm package from the
// compiled module, and from the same without vectors.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeEntries } from './package/bundle.mjs';
import { javaScript, webAssembly } from './package/module.mjs';

const [wasmBindgen, module, portable, folder] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'authress-login-wasm-package-'));
try {
  mkdirSync(folder, { recursive: true });
  const place = (form) => mkdirSync(join(work, form)) ?? join(work, form);
  const forms = await Promise.all([
    webAssembly(wasmBindgen, module, place('module')),
    javaScript(wasmBindgen, portable, place('portable')),
  ]);
  await writeEntries(...forms, folder);
} finally {
  rmSync(work, { recursive: true });
}
