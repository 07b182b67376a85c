// Bun as a server: the first example is imported there too, and tokens are verified.
import assert from 'node:assert/strict';

import { createShopperVerifier } from 'authress-login-wasm/server';

import { startIssuer } from './issuer.mjs';
import * as shop from './login.js';

const { code } = await shop.cartToken().then(
  () => ({ code: 'a token' }),
  (error) => error,
);
assert.equal(code, 'ModuleLoadFailed', 'a login needs a page');
assert.equal((await shop.linkResult?.()) ?? null, null);

const issuer = await startIssuer();
const { shopperOf, shopperOrNull } = createShopperVerifier({
  authressApiUrl: issuer.origin,
  applicationId: 'app_shop',
});
/** @param {string} token */
const request = (token) => new Request('http://shop.test/', { headers: { authorization: `Bearer ${token}` } });
for (const alg of ['EdDSA', 'RS512']) {
  const token = await issuer.token(alg);
  assert.equal((await shopperOf(request(token))).userId, 'user_a');
  assert.equal(await shopperOrNull(request(token.replace(/.{9}$/, 'AAAAAAAAA'))), null);
}
issuer.stop();
console.log('result: the server runs and verifies tokens');
