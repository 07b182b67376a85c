// The title of a page is its first heading.

import { readFileSync } from 'node:fs';

/**
 * The first heading of a Markdown file without markup.
 * @param {string} file
 */
export function headingOf(file) {
  const heading = /^# (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (heading === undefined) throw new Error(`${file} has no heading of the first level`);
  return heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]|\\(?=[^\w\s])/g, '');
}
