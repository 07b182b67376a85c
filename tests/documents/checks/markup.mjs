// HTML and CSS, and what HTML holds: scripts and import maps.

import { transform } from 'esbuild';
import { parse, parseFragment } from 'parse5';

import { compile } from './scripts.mjs';

/** @import { Block } from '../pages.mjs' */
/** @import { DefaultTreeAdapterMap } from 'parse5' */
/** @typedef {DefaultTreeAdapterMap['node']} Node */

/** Of a page that is shown from its beginning, a doctype is expected; of a part of one it is not. */
const IS_PAGE = /^\s*<(?:!doctype|html)\b/i;

/** @type {(node: Node) => Node[]} */
const elementsIn = (node) => [node, ...('childNodes' in node ? node.childNodes.flatMap(elementsIn) : [])];

/** @param {Block} block */
export async function htmlFaults({ page, code, line }) {
  /** @type {string[]} */
  const faults = [];
  /** @type {Promise<string[]>[]} */
  const ofContent = [];
  const read = IS_PAGE.test(code) ? parse : parseFragment;
  const tree = read(code, {
    sourceCodeLocationInfo: true,
    onParseError: (error) => faults.push(`line ${line + error.startLine}: ${error.code.replaceAll('-', ' ')}`),
  });
  for (const element of elementsIn(tree)) {
    if (!('tagName' in element)) continue;
    const at = line + (element.sourceCodeLocation?.startLine ?? 1);
    const { startTag, endTag } = element.sourceCodeLocation ?? {};
    if (startTag && !endTag && !OPTIONAL_END.has(element.tagName) && !VOID.has(element.tagName))
      faults.push(`line ${at}: <${element.tagName}> is not closed`);
    if (element.tagName !== 'script') continue;
    const text = element.childNodes.map((child) => ('value' in child ? child.value : '')).join('');
    ofContent.push(contentFaults(element, text, { page, line: at }));
  }
  return [...faults, ...(await Promise.all(ofContent)).flat()];
}

/** Elements without an end tag, and those whose end tag the standard lets a page leave out. */
const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);
const OPTIONAL_END = new Set([
  'html',
  'head',
  'body',
  'p',
  'li',
  'dt',
  'dd',
  'option',
  'tr',
  'td',
  'th',
  'tbody',
  'thead',
]);

/**
 * @param {{ attrs: { name: string, value: string }[] }} element
 * @param {string} text
 * @param {{ page: string, line: number }} at
 */
async function contentFaults({ attrs }, text, { page, line }) {
  const type = attrs.find(({ name }) => name === 'type')?.value;
  if (type === 'importmap' || type?.endsWith('json')) {
    try {
      JSON.parse(text);
      return [];
    } catch (error) {
      return [`line ${line}: ${error instanceof Error ? error.message : error}`];
    }
  }
  if (type !== undefined && type !== 'module' && type !== 'text/javascript') return [];
  // The first line of the text is that of the element.
  return compile({ page, line: line - 1, extension: 'js', code: text, isClassic: type !== 'module' });
}

/** @param {Block} block */
export async function cssFaults({ code, line }) {
  const { warnings } = await transform(code, { loader: 'css', logLevel: 'silent' }).catch((error) => ({
    warnings: error.errors,
  }));
  return warnings.map(
    (/** @type {import('esbuild').Message} */ { text, location }) => `line ${line + (location?.line ?? 1)}: ${text}`,
  );
}
