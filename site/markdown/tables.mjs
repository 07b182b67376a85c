// A table that is wider than the page scrolls in a box of its own, also by keyboard.

import { nameAt } from './names.mjs';

/** @import { Markdown } from './index.mjs' */

/** @param {Markdown} markdown */
export function tables(markdown) {
  const { escapeHtml } = markdown.utils;
  // The corner of a table with titles at its side is no title.
  markdown.core.ruler.push('empty_titles', ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'th_open' || tokens[index + 1].content.trim() !== '') continue;
      for (const cell of [token, tokens[index + 2]]) cell.tag = 'td';
    }
  });
  markdown.renderer.rules.table_open = (tokens, index) => {
    const name = escapeHtml(`Table: ${nameAt(tokens, index)}`);
    return `<div class="table-box" role="group" tabindex="0" aria-label="${name}"><table>\n`;
  };
  markdown.renderer.rules.table_close = () => '</table></div>\n';
}
