// Builds the documentation site into target/docs: `cargo xtask docs` runs it, after rustdoc.

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'vitepress';

import { pageFiles, prepare } from './prepare.mjs';
import { writeReference } from './reference.mjs';
import { output, rustdoc } from './settings.mjs';

const site = fileURLToPath(new URL('.', import.meta.url));

prepare();
writeReference();
await build(site);
// VitePress goes on where a page cannot be rendered.
const empty = pageFiles().filter((file) => !readFileSync(join(output, file), 'utf8').includes('<h1'));
if (empty.length > 0) throw new Error(`not rendered, see above: ${empty.join(', ')}`);
if (existsSync(rustdoc)) cpSync(rustdoc, join(output, 'rust'), { recursive: true });
else console.log('docs: without the pages of rustdoc, which `cargo xtask docs` makes');
