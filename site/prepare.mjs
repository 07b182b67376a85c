// Makes the pages that VitePress reads: copies of the repository's Markdown and pictures, and the list of crates.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { addressOf, allPages, LEFT_OUT, searched } from './navigation.mjs';
import { repository, root } from './repository.mjs';
import { base, pages } from './settings.mjs';
import { headingOf } from './title.mjs';

/** The crates whose documentation is on the site: what a shop's server or its operator uses. */
/** @type {string[]} */
export const CRATES = JSON.parse(readFileSync(new URL('crates.json', import.meta.url), 'utf8'));

/**
 * What is wrong with the navigation, in sentences.
 * @param {string[]} files of the repository
 */
export function mistakes(files) {
  const there = new Set(files);
  const listed = new Set(allPages().map(({ source }) => source));
  const missing = [...listed].filter((source) => !there.has(source));
  const unlisted = files.filter((file) => searched(file) && !listed.has(file) && !LEFT_OUT.has(file));
  return [
    ...missing.map((source) => `${source} is in site/navigation.mjs, and there is no such file`),
    ...unlisted.map((file) => `${file} has no place in site/navigation.mjs: add it to a section or to LEFT_OUT`),
  ];
}

/** The files that git knows or could add. */
export function filesOfRepository() {
  const words = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  return files.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** Copies everything. Fails if the navigation and the files do not agree. */
export function prepare() {
  const wrong = mistakes(filesOfRepository());
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  rmSync(pages, { recursive: true, force: true });
  const listed = allPages();
  const headings = ['authress-login-wasm', ...listed.map(({ source }) => headingOf(join(root, source)))];
  for (const { source, label } of listed) {
    const heading = headingOf(join(root, source));
    // The title in the browser's tab; the one of the whole site does not tell a page from the others.
    const isUnique = headings.indexOf(heading) === headings.lastIndexOf(heading);
    copy(source, `${addressOf(source)}.md`, isUnique ? heading : (label ?? heading));
  }
  write('index.md', readFileSync(new URL('home.md', import.meta.url), 'utf8'));
  write('rust.md', cratesPage());
  cpSync(new URL('public', import.meta.url), join(pages, 'public'), { recursive: true });
  copyMermaid();
}

/** The files of the site that show a page of the repository. */
export const pageFiles = () => allPages().map(({ source }) => `${addressOf(source)}.html`);

/**
 * @param {string} source
 * @param {string} page
 * @param {string} title
 */
function copy(source, page, title) {
  const text = readFileSync(join(root, source), 'utf8');
  const edit = repository === undefined ? '' : `editUrl: ${repository}/edit/main/${source}\n`;
  write(page, `---\ntitle: ${JSON.stringify(title)}\nsource: ${source}\n${edit}---\n${text}`);
  for (const [, picture] of text.matchAll(/!\[[^\]]*\]\(([^):\s]+)/g)) {
    const file = posix.join(posix.dirname(source), picture);
    cpSync(join(root, file), join(pages, 'public/pictures', file));
  }
}

/**
 * @param {string} page
 * @param {string} text
 */
function write(page, text) {
  const path = join(pages, page);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Mermaid as its package has it: already bundled, in parts of which a page loads those for its kinds of drawings. Not every
 * server of static files knows that `.mjs` is JavaScript, so the parts get another ending.
 */
function copyMermaid() {
  const dist = fileURLToPath(new URL('node_modules/mermaid/dist', import.meta.url));
  const chunks = join('chunks', 'mermaid.esm.min');
  const parts = readdirSync(join(dist, chunks)).map((name) => join(chunks, name));
  for (const part of ['mermaid.esm.min.mjs', ...parts].filter((name) => name.endsWith('.mjs'))) {
    const text = readFileSync(join(dist, part), 'utf8').replaceAll(/\.mjs(["'])/g, '.js$1');
    write(join('public/mermaid', part.replace(/\.mjs$/, '.js')), text);
  }
}

/** A page of the crates with links to rustdoc's pages, which are not of VitePress. */
function cratesPage() {
  const lines = CRATES.map((name) => {
    const manifest = readFileSync(join(root, 'crates', name.replace(/^authress-/, ''), 'Cargo.toml'), 'utf8');
    const description = /^description = "(.*)"$/m.exec(manifest)?.[1] ?? '';
    return `| [\`${name}\`](${base}rust/${name.replaceAll('-', '_')}/index.html){target="_self"} | ${description} |`;
  });
  return `# Rust crates\n\nThe documentation that rustdoc makes of the crates for shops and operators.\n\n| Crate | Content |\n|---|---|\n${lines.join('\n')}\n`;
}
