// Headings get the forge's anchors, so that a link with an anchor leads to the same place in both.

/** @import { Markdown } from './index.mjs' */

/**
 * The anchor that the forge gives a heading.
 * @param {string} heading its text without markup
 */
export const anchorOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

/**
 * Levels without a gap: the generated reference goes from the fourth to the sixth where a member has nothing between.
 * @param {number[]} levels
 */
export function withoutGaps(levels) {
  /** @type {{ from: number, to: number }[]} */
  const open = [];
  return levels.map((from) => {
    while ((open.at(-1)?.from ?? 0) >= from) open.pop();
    const to = (open.at(-1)?.to ?? 0) + 1;
    open.push({ from, to });
    return to;
  });
}

/** @param {Markdown} markdown */
export function headings(markdown) {
  // The records of decisions have one level, in pages with and without groups. In other pages a gap is a mistake, which a
  // test finds.
  markdown.core.ruler.push('levels', ({ tokens, env }) => {
    if (!/^(api|decisions)\//.test(env.relativePath ?? '')) return;
    const opening = tokens.flatMap(({ type }, index) => (type === 'heading_open' ? [index] : []));
    const levels = withoutGaps(opening.map((index) => Number(tokens[index].tag.slice(1))));
    for (const [place, index] of opening.entries()) {
      for (const token of [tokens[index], tokens[index + 2]]) token.tag = `h${levels[place]}`;
    }
  });
}
