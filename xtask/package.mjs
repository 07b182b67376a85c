// node xtask/package.mjs WASM-BINDGEN MODULE PORTABLE FOLDER: builds pkg/dist from the compiled module, and from the same module
// without SIMD.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeEntries } from './package/bundle.mjs';
import { javaScript, webAssembly } from './package/module.mjs';

const [wasmBindgen, module, portable, folder] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'authress-login-wasm-package-'));
try {
  mkdirSync(folder, { recursive: true });
  /** @param {string} form */
  const subfolder = (form) => {
    const path = join(work, form);
    mkdirSync(path);
    return path;
  };
  const forms = await Promise.all([
    webAssembly(wasmBindgen, module, subfolder('module')),
    javaScript(wasmBindgen, portable, subfolder('portable')),
  ]);
  await writeEntries(...forms, folder);
} finally {
  rmSync(work, { recursive: true });
}
