// node xtask/package.mjs WASM-BINDGEN COMPILED-MODULE FOLDER: makes the generated part of the npm package.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeEntries } from './package/bundle.mjs';
import { javaScript, webAssembly } from './package/module.mjs';

const [wasmBindgen, compiled, folder] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'authress-login-wasm-package-'));
try {
  mkdirSync(folder, { recursive: true });
  const forms = await Promise.all([webAssembly, javaScript].map((make) => make(wasmBindgen, compiled, work)));
  await writeEntries(...forms, folder);
} finally {
  rmSync(work, { recursive: true });
}
