// Drawings in Mermaid's language. Mermaid measures text, so only a browser can render them: the page gets the source as
// text, and the component `Drawing` of the theme puts the picture above it.

import { nameAt } from './names.mjs';

/** @import { Markdown, Rule } from './index.mjs' */

/**
 * What a drawing says about itself with Mermaid's `accTitle` and `accDescr`, and the rest of it.
 * @param {string} source
 */
export function described(source) {
  let title;
  let description;
  const drawing = source
    .replace(/^\s*accTitle\s*:\s*(.*)\n/m, (_, text) => {
      title = text.trim();
      return '';
    })
    .replace(/^\s*accDescr\s*(?::\s*(.*)|\{([^}]*)\})\n/m, (_, line, block) => {
      description = (line ?? block).trim().replace(/\s+/g, ' ');
      return '';
    });
  return { title, description, drawing };
}

/** @param {Markdown} markdown */
export function drawings(markdown) {
  const { escapeHtml } = markdown.utils;
  const { fence } = markdown.renderer.rules;
  /** @type {Rule} */
  const rule = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token.info.trim() !== 'mermaid') return fence?.(tokens, index, options, env, self) ?? '';
    const { title = nameAt(tokens, index), description, drawing } = described(token.content);
    const name = escapeHtml(description === undefined ? title : `${title}. ${description}`);
    // The text stands in the page, also for readers without a script and for the search.
    return `<Drawing name="${name}" source="${encodeURIComponent(drawing)}"><pre v-pre tabindex="0">${escapeHtml(drawing)}</pre></Drawing>\n`;
  };
  markdown.renderer.rules.fence = rule;
}
