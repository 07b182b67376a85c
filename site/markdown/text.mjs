// Text stays text. Vue compiles the pages, and would take `{{ … }}` and `<Name>` of the prose for code of its own.

/** @import { Markdown, Rule, Token } from './index.mjs' */

/** HTML that a page of the repository may have; the forge shows no more either. */
const ELEMENTS = new Set(
  'a abbr b br code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img kbd li ol p picture pre s source span strong sub summary sup table tbody td th thead tr ul'.split(
    ' ',
  ),
);

/** @param {string} html */
export function isKnown(html) {
  const names = [...html.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<\/?([a-z][^\s/>]*)/gi)].map(([, name]) => name);
  return names.every((name) => ELEMENTS.has(name));
}

/** @param {Markdown} markdown */
export function text(markdown) {
  const { escapeHtml } = markdown.utils;
  /** @param {string} raw */
  const escaped = (raw) => escapeHtml(raw).replaceAll('{{', '&#123;&#123;');

  markdown.core.ruler.push('unknown_html', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === 'html_block' && !isKnown(token.content)) token.type = 'unknown_html';
      for (const child of token.children ?? []) {
        if (child.type === 'html_inline' && !isKnown(child.content)) child.type = 'text';
      }
    }
  });
  markdown.renderer.rules.text = (tokens, index) => escaped(tokens[index].content);
  markdown.renderer.rules.code_inline = (tokens, index) => `<code v-pre>${escapeHtml(tokens[index].content)}</code>`;
  markdown.renderer.rules.unknown_html = (tokens, index) => `<p>${escaped(tokens[index].content.trim())}</p>\n`;

  // rustdoc compiles these lines of an example and does not show them.
  const { fence } = markdown.renderer.rules;
  /** @type {Rule} */
  const withoutHidden = (tokens, index, options, env, self) => {
    /** @type {Token} */
    const token = tokens[index];
    const language = token.info.trim().split(/[\s,]/)[0];
    if (language === 'rust' || language === 'no_run') {
      token.info = 'rust';
      token.content = token.content.replace(/^# .*\n|^#\n/gm, '').replace(/^\n+/, '');
    }
    return fence?.(tokens, index, options, env, self) ?? '';
  };
  markdown.renderer.rules.fence = withoutHidden;
}
