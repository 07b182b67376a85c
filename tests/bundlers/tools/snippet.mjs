// The first example of the package's README, as newcomers copy it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const README = new URL('../../../pkg/README.md', import.meta.url);

/**
 * The first JavaScript block, unchanged except for its four placeholders and for `entry`, if the README names another entry
 * for the tool.
 * @param {import('../../e2e/support/stack.mjs').StackDescription} stack
 */
export function firstSnippet({ sandboxUrl, applicationId, shopperConnectionId, connections }, entry = '') {
  const [, code] = readFileSync(README, 'utf8').match(/^```js\n([\s\S]*?)^```$/m) ?? [];
  assert.ok(code, 'pkg/README.md has a JavaScript block');
  const values = {
    'https://login.example.com': sandboxUrl,
    app_YOUR_APPLICATION: applicationId,
    sc_YOUR_SERVICE_CLIENT: shopperConnectionId,
    con_YOUR_PROVIDER: connections[0].connectionId,
  };
  let filled = code;
  for (const [placeholder, value] of Object.entries(values)) {
    assert.ok(value && filled.includes(`'${placeholder}'`), `the first example has the placeholder ${placeholder}`);
    filled = filled.replaceAll(`'${placeholder}'`, `'${value}'`);
  }
  assert.match(
    filled,
    /export (async )?function cartToken\(/,
    'the first example exports what a shop calls for "Add to cart"',
  );
  assert.ok(filled.includes("'authress-login-wasm'"));
  return filled.replace("'authress-login-wasm'", `'authress-login-wasm${entry}'`);
}
