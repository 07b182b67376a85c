// A part of a file of this repository: its lines stand in the file, in the same order.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { workspace } from '../pages.mjs';

/** @import { Block } from '../pages.mjs' */

/**
 * @param {Block} block
 * @param {string} path
 */
export function quoteFaults({ code, line }, path) {
  const file = join(workspace, path);
  if (!existsSync(file)) return [`there is no ${path} of which this could be a part`];
  const source = readFileSync(file, 'utf8')
    .split('\n')
    .map((text) => text.trim());
  let next = 0;
  for (const [index, text] of code.split('\n').entries()) {
    if (text.trim() === '') continue;
    // A function may be shown without its body, so a line of the file may be longer.
    const found = source.findIndex((of, at) => at >= next && of.startsWith(text.trim()));
    if (found < 0)
      return [`line ${line + 1 + index} is not in ${path}, or stands in another order there: ${text.trim()}`];
    next = found + 1;
  }
  return [];
}
