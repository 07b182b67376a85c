// Every code block of every page is checked as its language demands: compiled, parsed, or read by the program whose settings
// it shows. CONTRIBUTING.md, "Code blocks", says how to write one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inlineCommandFaults } from './checks/shell.mjs';
import { reasonToSkip } from './checks/tool.mjs';
import { PROGRAMS, faultsOf } from './languages.mjs';
import { blocksIn, inlineCodeIn, textOf, writtenPages } from './pages.mjs';

const HELP = 'CONTRIBUTING.md, "Code blocks", says how each language is checked.';

/**
 * Fails with a message alone: the stack of a test says nothing about a page.
 * @param {string} at
 * @param {string[]} faults
 */
function report(at, faults) {
  if (faults.length === 0) return;
  const failure = new Error(`${at}\n  ${faults.join('\n  ')}\n${HELP}`);
  failure.stack = failure.message;
  throw failure;
}

const pages = writtenPages();
const blocks = pages.flatMap((page) => blocksIn(textOf(page), page));
// All at once: what the compiler gets at the same time is one program for it.
const checked = blocks.map((block) => ({ block, faults: faultsOf(block) }));

test('the pages for users have code blocks', () => {
  for (const page of ['README.md', 'CONTRIBUTING.md', 'pkg/README.md', 'sandbox-pkg/README.md', 'docs/server.md'])
    assert.ok(
      blocks.some((block) => block.page === page),
      page,
    );
});

for (const { block, faults } of checked) {
  const at = `${block.page}:${block.line}`;
  test(`${at} ${block.language}`, async (context) => {
    report(at, await faults);
    // What could be checked is right. The test does not count as passed.
    const reason = reasonToSkip(PROGRAMS[block.language]);
    if (reason) context.skip(reason);
  });
}

for (const page of pages) {
  test(`the commands in the sentences of ${page} exist`, async () => {
    const found = inlineCodeIn(textOf(page)).map(async ({ line, code }) => {
      const faults = await inlineCommandFaults(code, page);
      return faults.map((fault) => `${page}:${line}: ${fault}`);
    });
    report(page, (await Promise.all(found)).flat());
  });
}
