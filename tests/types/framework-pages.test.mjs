// The code in these pages of docs/frameworks is that of the example, which a test builds and uses. WRITE_DOCS=1 copies it from there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
/** A block that begins with the name of its file: the line with the name, the name, and the code. */
const BLOCK = /^(```\w+\n(?:\/\/|<!--) ([\w./[\]+$-]+)(?: -->)?\n)([\s\S]*?)^```$/gm;

/** @type {(page: string) => string} */
const exampleOf = (page) => join(workspace, 'examples', page.replace('.md', ''));

// The other pages of frameworks explain the client in code that is shorter than their example.
const pages = ['next.md', 'nuxt.md', 'react-router.md', 'sveltekit.md'];
for (const page of pages) {
  const path = join(workspace, 'docs/frameworks', page);
  /** @type {(name: string) => string | null} */
  const fileOf = (name) => {
    const file = join(exampleOf(page), name);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  };
  const isCopied = (/** @type {string} */ name, /** @type {string} */ code) =>
    Boolean(code.trim() && fileOf(name)?.includes(code));

  if (process.env.WRITE_DOCS)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(BLOCK, (block, head, name, code) =>
        fileOf(name) === null || isCopied(name, code) ? block : `${head}${fileOf(name)}\`\`\``,
      ),
    );

  test(`the code in docs/frameworks/${page} is that of the example`, () => {
    const blocks = [...readFileSync(path, 'utf8').matchAll(BLOCK)];
    assert.ok(blocks.length > 0, 'the page shows files of the example');
    for (const [, , name, code] of blocks) {
      assert.notEqual(fileOf(name), null, `the example has no file ${name}`);
      assert.ok(isCopied(name, code), `${name} has other code than this; WRITE_DOCS=1 copies it:\n${code}`);
    }
  });
}
