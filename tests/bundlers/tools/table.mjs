// The table of tools in docs/bundlers.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { workspace } from '../support.mjs';
import { TOOLS } from './catalog.mjs';

const HEAD =
  '| name | tool | version | entry | Node.js | install | build | server render | sign-in, built | sign-in, dev | tests | warnings |\n|---|---|---|---|---|---:|---:|---|---:|---:|---|---|';
const PLACE = /<!-- tools -->\n[\s\S]*<!-- \/tools -->/;

/**
 * A row of the table: the cells that the steps of a test have filled.
 * @typedef {{ tool: import('./catalog.mjs').Tool, warnings: string[] } & Record<string, any>} Row
 */

/**
 * Replaces the lines of these tools; the others stay.
 * @param {Row[]} rows
 */
export function writeRows(rows) {
  const file = join(workspace, 'docs/bundlers.md');
  const text = readFileSync(file, 'utf8');
  const lines = new Map((PLACE.exec(text)?.[0] ?? '').split('\n').map((row) => [row.split('|')[1]?.trim(), row]));
  for (const row of rows) lines.set(row.tool.name, line(row));
  const kept = TOOLS.map(({ name }) => lines.get(name)).filter(Boolean);
  writeFileSync(
    file,
    text.replace(PLACE, () => `<!-- tools -->\n${[HEAD, ...kept].join('\n')}\n<!-- /tools -->`),
  );
}

/** @param {Row} row */
function line({ tool, version = '', node = '', install, build, render, devRender, built, dev, tests, warnings }) {
  const renders = [render && `${tool.isPrerendered ? 'build' : 'built'} ${render}`, devRender && `dev ${devRender}`]
    .filter(Boolean)
    .join(', ');
  const cells = [
    tool.name,
    tool.title,
    version,
    `\`authress-login-wasm${tool.entry ?? ''}\``,
    node,
    install,
    build,
    renders,
    built,
    dev,
    tests,
    summary(warnings),
  ];
  return `| ${cells.map((cell) => (cell || '–').replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

/**
 * What the first page of a development server needs, and the first warning of the tool itself.
 * @param {string[]} warnings
 */
function summary(warnings) {
  const needs = warnings.filter((text) => text.startsWith('dev: '));
  const [first, ...others] = warnings.filter((text) => !needs.includes(text));
  if (first) needs.push(others.length > 0 ? `${first} and ${others.length} more, none of this package` : first);
  return needs.join('; ') || 'none';
}
