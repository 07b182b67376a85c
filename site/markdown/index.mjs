// How the repository's Markdown becomes pages: what the forge does with it and VitePress does not, and what neither does.

import { drawings } from './drawings.mjs';
import { headings } from './headings.mjs';
import { links } from './links.mjs';
import { tables } from './tables.mjs';
import { text } from './text.mjs';

/**
 * A token of markdown-it, as far as the plugins use it.
 * @typedef {object} Token
 * @property {string} type
 * @property {string} tag
 * @property {string} content
 * @property {string} info
 * @property {Token[] | null} children
 * @property {(name: string) => string | null} attrGet
 * @property {(name: string, value: string) => void} attrSet
 * @property {[string, string][] | null} attrs
 */

/**
 * markdown-it and its parts, as far as the plugins use them.
 * @typedef {object} State
 * @property {Token[]} tokens
 * @property {{ relativePath?: string }} env
 * @property {new (type: string, tag: string, nesting: -1 | 0 | 1) => Token} Token
 *
 * @typedef {(tokens: Token[], index: number, options: object, env: State['env'], self: { renderToken: Rule }) => string} Rule
 *
 * @typedef {object} Markdown
 * @property {{ ruler: { push: (name: string, rule: (state: State) => void) => void, before: (next: string, name: string, rule: (state: State) => void) => void } }} core
 * @property {{ rules: Record<string, Rule | undefined> }} renderer
 * @property {{ escapeHtml: (text: string) => string }} utils
 */

/** @param {Markdown} markdown */
export function extend(markdown) {
  for (const plugin of [text, headings, links, tables, drawings]) plugin(markdown);
}
