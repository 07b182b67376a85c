// The reference of the npm package: typedoc's Markdown of its types, one page for each entry.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { pages } from './settings.mjs';

const site = fileURLToPath(new URL('.', import.meta.url));
const folder = join(pages, 'api');

/** The page of each entry, by the name that typedoc gives it, which is the one of its file. */
const ENTRIES = new Map([
  ['index-1', { page: 'client', name: 'authress-login-wasm' }],
  ['server', { page: 'server', name: 'authress-login-wasm/server' }],
  ['react', { page: 'react', name: 'authress-login-wasm/react' }],
  ['vue', { page: 'vue', name: 'authress-login-wasm/vue' }],
  ['svelte', { page: 'svelte', name: 'authress-login-wasm/svelte' }],
]);

/** The pages in the order of the navigation. */
export const entries = [...ENTRIES.values()].map(({ page, name }) => ({ text: name, link: `/api/${page}` }));

/** Writes the pages. A warning of typedoc is an error. */
export function writeReference() {
  const words = [join(site, 'node_modules/typedoc/bin/typedoc'), '--options', join(site, 'typedoc.json')];
  execFileSync(process.execPath, words, { cwd: site, stdio: 'inherit' });
  rmSync(join(folder, 'index.md'));
  const made = readdirSync(folder).map((file) => file.replace(/\.md$/, ''));
  const strangers = made.filter((file) => !ENTRIES.has(file));
  if (strangers.length > 0) throw new Error(`site/reference.mjs has no name for ${strangers.join(', ')}`);
  for (const file of made) {
    const path = join(folder, `${file}.md`);
    const text = readFileSync(path, 'utf8').replaceAll('(index-1.md', '(client.md');
    writeFileSync(path, text.replace(/^# .*\n/, `# Reference: ${ENTRIES.get(file)?.name}\n`));
    renameSync(path, join(folder, `${ENTRIES.get(file)?.page}.md`));
  }
}
