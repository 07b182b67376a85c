// The examples of a page of the documentation, as readers copy them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { workspace } from './stack.mjs';

/**
 * The files that a page shows: its blocks that begin with the name of their file, without that line.
 * @param {string} page
 * @param {string} [heading] only those below this heading, up to the next one
 * @returns {Record<string, string>}
 */
export function filesOf(page, heading) {
  const text = readFileSync(`${workspace}${page}`, 'utf8');
  const section = heading === undefined ? text : (text.split(`\n### ${heading}\n`)[1] ?? '').split(/^#/m)[0];
  const blocks = [...section.matchAll(/^```[jt]sx?\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)];
  assert.ok(blocks.length > 0, `${page} shows files${heading === undefined ? '' : ` below ${heading}`}`);
  return Object.fromEntries(blocks.map(([, name, code]) => [name, code]));
}

/**
 * The placeholders of examples, and their values.
 * @param {import('./stack.mjs').StackDescription} stack
 * @returns {Record<string, string>}
 */
export const placeholders = ({ sandboxUrl, applicationId, shopperConnectionId, connections }) => ({
  'https://login.example.com': sandboxUrl,
  app_YOUR_APPLICATION: applicationId,
  sc_YOUR_SERVICE_CLIENT: shopperConnectionId,
  con_YOUR_PROVIDER: connections[0].connectionId,
});

/**
 * An example with its placeholders filled in.
 * @param {string} code
 * @param {import('./stack.mjs').StackDescription} stack
 */
export const withSettings = (code, stack) =>
  Object.entries(placeholders(stack)).reduce(
    (text, [placeholder, value]) => text.replaceAll(`'${placeholder}'`, `'${value}'`),
    code,
  );
