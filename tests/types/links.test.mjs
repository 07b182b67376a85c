// Links between the Markdown files of the repository lead to files and headings that exist.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

import { NOT_OURS, pagesIn, workspace } from '../documents/pages.mjs';

const pages = pagesIn();

/** @param {string} text */
const withoutCode = (text) =>
  text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));

/**
 * The anchor that GitHub gives a heading.
 * @param {string} heading
 */
const anchorOf = (heading) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

/** @param {string} page */
function anchorsOf(page) {
  const text = readFileSync(join(workspace, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  return new Set([...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => anchorOf(heading)));
}

/**
 * What is wrong with the links of a page.
 * @param {string} page
 */
function brokenLinks(page) {
  const text = withoutCode(readFileSync(join(workspace, page), 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : relative(workspace, join(workspace, dirname(page), path));
    const absolute = join(workspace, file);
    if (!existsSync(absolute)) return [`${target}: there is no such file`];
    if (anchor === undefined) return [];
    const hasAnchor = statSync(absolute).isFile() && anchorsOf(file).has(anchor);
    return hasAnchor ? [] : [`${target}: ${file} has no such heading`];
  });
}

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => assert.deepEqual(brokenLinks(page), []));
}

/**
 * The folders of this repository to which a page links, or whose files it links to.
 * @param {string} page
 */
function linkedFolders(page) {
  const text = withoutCode(readFileSync(join(workspace, page), 'utf8'));
  const paths = [...text.matchAll(/\]\(([^)\s#:]+)/g)].map(([, path]) => join(dirname(page), path));
  const existing = paths.filter((path) => existsSync(join(workspace, path)));
  return existing.map((path) => (statSync(join(workspace, path)).isFile() ? dirname(path) : path.replace(/\/$/, '')));
}

/** The folders of a folder, and itself, that hold source. */
/** @type {(folder: string) => string[]} */
function sourceFolders(folder) {
  const entries = readdirSync(join(workspace, folder), { withFileTypes: true });
  const below = entries.filter(
    (entry) => entry.isDirectory() && !['tests', 'templates', ...NOT_OURS].includes(entry.name),
  );
  const hasSource = entries.some(({ name }) => /\.(rs|js|mjs)$/.test(name));
  return [...(hasSource ? [folder] : []), ...below.flatMap(({ name }) => sourceFolders(join(folder, name)))];
}

test('every file of the source is three hops from the README: a page, a folder, the file', () => {
  const readme = withoutCode(readFileSync(join(workspace, 'README.md'), 'utf8'));
  const next = [...readme.matchAll(/\]\(([^)\s#:]+\.md)/g)].map(([, page]) => join(page));
  const reached = new Set(['README.md', ...next].flatMap(linkedFolders));
  const crates = readdirSync(join(workspace, 'crates')).map((name) => `crates/${name}/src`);
  const folders = [...crates, 'src', 'pkg/src', 'sandbox-pkg', 'www', 'xtask'].flatMap(sourceFolders);
  assert.ok(folders.length > 40, `${folders.length} folders`);
  assert.deepEqual(
    folders.filter((folder) => !reached.has(folder) && !/^sandbox-pkg\/test/.test(folder)),
    [],
    'docs/architecture.md has no line for these',
  );
});

test('the table of contents of the decisions lists every record', () => {
  const contents = readFileSync(join(workspace, 'docs/decisions.md'), 'utf8');
  for (const file of readdirSync(join(workspace, 'docs/decisions'))) {
    const records = readFileSync(join(workspace, 'docs/decisions', file), 'utf8').matchAll(/^### (.*)$/gm);
    for (const [, title] of records) {
      const line = `- [${title}](decisions/${file}#${anchorOf(title)})`;
      assert.ok(contents.includes(`${line}\n`), `docs/decisions.md has no line ${line}`);
    }
  }
});
