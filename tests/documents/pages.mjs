// The Markdown pages of the repository, and the code blocks in them.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import MarkdownIt from 'markdown-it';

export const workspace = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that are built, installed or of other tools. */
export const NOT_OURS = new Set(['node_modules', 'target', 'dist', '.git']);

/**
 * A code block of a page.
 * @typedef {object} Block
 * @property {string} page its path in the repository
 * @property {number} line of its opening fence, from 1
 * @property {string} language the first word after the fence in lower case; empty if there is none
 * @property {string[]} words the other words after the fence
 * @property {string} code
 * @property {string} before what earlier blocks of the page show of the same file, if this one continues it
 * @property {boolean} isFenced otherwise it is code because of its indentation
 */

/**
 * The Markdown files of a folder and of those below it, sorted.
 * @type {(folder?: string) => string[]}
 */
export const pagesIn = (folder = '.') =>
  readdirSync(join(workspace, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : pagesIn(path);
      return entry.name.endsWith('.md') ? [path] : [];
    })
    .sort();

/** The pages that a person has written; the reports of the types are written by a program. */
export const writtenPages = () => pagesIn().filter((page) => !page.endsWith('.api.md'));

const markdown = new MarkdownIt({ html: true });

/**
 * The code blocks of a text.
 * @param {string} text
 * @param {string} page
 * @returns {Block[]}
 */
export function blocksIn(text, page) {
  const tokens = markdown.parse(text, {}).filter(({ type }) => type === 'fence' || type === 'code_block');
  /** @type {Map<string, string>} the code of the page's files so far */
  const files = new Map();
  return tokens.map(({ type, info, content, map }) => {
    const [language = '', ...words] = info.trim().split(/[\s,]+/);
    const line = (map?.[0] ?? 0) + 1;
    // `// cart.js` in the first line names a file, and `// cart.js, continued` one that an earlier block has begun.
    const [, file, isContinued] = /^\/\/ (\S+?)(, continued)?\n/.exec(content) ?? [];
    const before = isContinued ? (files.get(file) ?? '') : '';
    if (file) files.set(file, before + content);
    return { page, line, language: language.toLowerCase(), words, code: content, before, isFenced: type === 'fence' };
  });
}

/**
 * The code within the sentences and tables of a text, with its line.
 * @param {string} text
 */
export const inlineCodeIn = (text) =>
  markdown.parse(text, {}).flatMap(({ map, children }) => {
    const codes = (children ?? []).filter(({ type }) => type === 'code_inline');
    return codes.map(({ content }) => ({ line: (map?.[0] ?? 0) + 1, code: content }));
  });

/** @param {string} page */
export const textOf = (page) => readFileSync(join(workspace, page), 'utf8');
