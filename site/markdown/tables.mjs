// A table that is wider than the page scrolls in a box of its own, also by keyboard.

import { nameAt } from './names.mjs';

/** @import { Markdown } from './index.mjs' */

/** @param {Markdown} markdown */
export function tables(markdown) {
  const { escapeHtml } = markdown.utils;
  markdown.renderer.rules.table_open = (tokens, index) => {
    const name = escapeHtml(`Table: ${nameAt(tokens, index)}`);
    return `<div class="table-box" role="group" tabindex="0" aria-label="${name}"><table>\n`;
  };
  markdown.renderer.rules.table_close = () => '</table></div>\n';
}
