// What a table or a drawing is called for a screen reader.

/** @import { Token } from './index.mjs' */

/**
 * The text of the last heading above a token.
 * @param {Token[]} tokens
 * @param {number} index
 */
export function nameAt(tokens, index) {
  for (let above = index - 1; above > 0; above--) {
    if (tokens[above - 1].type === 'heading_open') return textOf(tokens[above].children ?? []);
  }
  return 'of this page';
}

/** @param {Token[]} tokens */
const textOf = (tokens) =>
  tokens
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');
