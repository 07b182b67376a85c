// Bun as a server: the first example is imported there too.
import assert from 'node:assert/strict';

import * as shop from './login.js';

const { code } = await shop.cartToken().then(
  () => ({ code: 'a token' }),
  (error) => error,
);
assert.equal(code, 'ModuleLoadFailed', 'a login needs a page');
assert.equal((await shop.linkResult?.()) ?? null, null);
console.log('result: the server runs');
