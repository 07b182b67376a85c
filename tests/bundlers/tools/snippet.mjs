// The first example of the package's README, as newcomers copy it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { placeholders, withSettings } from '../../e2e/support/snippets.mjs';

const README = new URL('../../../pkg/README.md', import.meta.url);

/**
 * The first JavaScript block, unchanged except for its four placeholders and for `entry`, if the README names another entry
 * for the tool.
 * @param {import('../../e2e/support/stack.mjs').StackDescription} stack
 */
export function firstSnippet(stack, entry = '') {
  const [, code] = readFileSync(README, 'utf8').match(/^```js\n([\s\S]*?)^```$/m) ?? [];
  assert.ok(code, 'pkg/README.md has a JavaScript block');
  for (const [placeholder, value] of Object.entries(placeholders(stack)))
    assert.ok(value && code.includes(`'${placeholder}'`), `the first example has the placeholder ${placeholder}`);
  const filled = withSettings(code, stack);
  assert.match(
    filled,
    /export (async )?function cartToken\(/,
    'the first example exports what a shop calls for "Add to cart"',
  );
  assert.ok(filled.includes("'authress-login-wasm'"));
  return filled.replace("'authress-login-wasm'", `'authress-login-wasm${entry}'`);
}
