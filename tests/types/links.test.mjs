// Links between the Markdown files of the repository lead to files and headings that exist.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
/** Folders that are built, installed or of other tools. */
const NOT_OURS = new Set(['node_modules', 'target', 'dist', '.git']);

/** The Markdown files of a folder and of those below it. */
/** @type {(folder: string) => string[]} */
const pagesIn = (folder) =>
  readdirSync(join(workspace, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });

const pages = pagesIn('.').sort();

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
