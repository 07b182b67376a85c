// The numbers of docs/comparison.md are those of the code that they count.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
/** @type {(page: string) => string} */
const read = (page) => readFileSync(join(workspace, page), 'utf8');

/**
 * The sections of a page by their headings.
 * @param {string} text
 * @param {string} mark of the headings
 * @returns {Map<string, string>}
 */
const sections = (text, mark) =>
  new Map(
    text
      .split(new RegExp(`^${mark} `, 'm'))
      .slice(1)
      .map((section) => [section.split('\n')[0], section]),
  );

/**
 * The lines of a section's only example that are neither blank nor comments.
 * @param {string | undefined} section
 */
function lines(section) {
  const blocks = [...(section ?? '').matchAll(/^```jsx?\n([\s\S]*?)^```$/gm)].map(([, code]) => code.split('\n'));
  assert.ok(blocks.length <= 1, section);
  return blocks[0]?.filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
}

const page = read('docs/comparison.md');
const ours = sections(page.slice(page.indexOf('\n## Our code\n')), '###');
const others = new Map(
  [...sections(read('tests/comparison/others.md'), '##')].map(([task, text]) => [task, sections(text, '###')]),
);
const [head, , ...rows] = (/<!-- comparison -->\n([\s\S]*?)\n<!-- \/comparison -->/.exec(page)?.[1] ?? '')
  .split('\n')
  .map((row) => row.split('|').map((cell) => cell.trim()));
const libraries = head.slice(2, -1);

test('every example that is counted is in the table', () => {
  const tasks = rows.map(([, task]) => task);
  assert.deepEqual([...ours.keys()], tasks);
  for (const [task, examples] of others) {
    assert.ok(tasks.includes(task), task);
    for (const library of examples.keys()) assert.ok(libraries.includes(library), library);
  }
});

for (const [, task, ...cells] of rows) {
  test(`${task}: the numbers are those of the code`, () => {
    for (const [index, library] of libraries.entries()) {
      const code = lines(library === 'ours' ? ours.get(task) : others.get(task)?.get(library));
      for (const line of code ?? []) assert.ok(line.length <= 120, line);
      // What a library does by itself, or does not offer, has no code.
      const expected = code ? new RegExp(`^${code.length}($|:)`) : /^(0: \[|not offered|\[not offered\])/;
      assert.match(cells[index], expected, library);
    }
  });
}
