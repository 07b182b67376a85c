// Links and pictures are written for the forge, relative to the file. On the site a link leads to the page, or else to the
// file on the forge. As long as the forge's address is not known, such a link is text that names the file.

import { basename, posix } from 'node:path';

import { resolve } from '../repository.mjs';
import { sourceOf } from '../source.mjs';

/** @import { Markdown, State, Token } from './index.mjs' */

/** Where the site keeps the pictures of the repository. */
export const PICTURES = '/pictures/';

/** @param {Markdown} markdown */
export function links(markdown) {
  markdown.core.ruler.push('forge_links', (state) => {
    const source = sourceOf(state.env.relativePath ?? '');
    if (source === undefined) return;
    for (const token of state.tokens) {
      if (token.children) token.children = resolved(token.children, source, state);
    }
  });
}

/**
 * @param {Token[]} tokens
 * @param {string} source
 * @param {State} state
 */
function resolved(tokens, source, state) {
  /** @type {Token[]} */
  const result = [];
  /** @type {{ file: string, text: string } | undefined} the link without an address that is open */
  let unlinked;
  for (const token of tokens) {
    result.push(token);
    if (token.type === 'image') setPicture(token, source);
    else if (token.type === 'link_open') unlinked = setTarget(token, source);
    else if (token.type === 'link_close' && unlinked) {
      token.type = 'source_close';
      token.tag = 'span';
      if (!unlinked.text.includes(basename(unlinked.file))) result.push(...path(unlinked.file, state));
      unlinked = undefined;
    } else if (unlinked) unlinked.text += token.content;
  }
  return result;
}

/**
 * @param {Token} token an image
 * @param {string} source
 */
function setPicture(token, source) {
  const src = token.attrGet('src') ?? '';
  if (/^[a-z][a-z+.-]*:|^\//i.test(src)) return;
  token.attrSet('src', PICTURES + posix.join(posix.dirname(source), src));
}

/**
 * @param {Token} token the beginning of a link
 * @param {string} source
 */
function setTarget(token, source) {
  const target = resolve(token.attrGet('href') ?? '', source);
  if ('other' in target) return undefined;
  if ('page' in target) token.attrSet('href', target.page);
  else if (target.url !== undefined) token.attrSet('href', target.url);
  else {
    token.type = 'source_open';
    token.tag = 'span';
    token.attrs = [
      ['class', 'source'],
      ['title', `In the repository: ${target.source}`],
    ];
    return { file: target.source, text: '' };
  }
  return undefined;
}

/**
 * The path behind a text that does not name it.
 * @param {string} file
 * @param {State} state
 */
function path(file, { Token }) {
  const [before, code, after] = [
    new Token('text', '', 0),
    new Token('code_inline', 'code', 0),
    new Token('text', '', 0),
  ];
  before.content = ' (';
  code.content = file;
  after.content = ')';
  return [before, code, after];
}
