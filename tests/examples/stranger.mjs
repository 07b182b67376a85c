// Requests that an example's cart API must refuse.

import assert from 'node:assert/strict';

import { SignJWT, generateKeyPair } from 'jose';

/** @typedef {import('../../sandbox-pkg/index.js').Sandbox['settings']} Settings */

/**
 * A token with the claims and the key id of the sandbox's own, signed with another key.
 * @param {Settings} settings
 */
async function forgedToken({ authressApiUrl, applicationId, anonymousConnectionId }) {
  const response = await fetch(`${authressApiUrl}/.well-known/openid-configuration/jwks`);
  const { keys } = /** @type {{ keys: { kid: string }[] }} */ (await response.json());
  const { privateKey } = await generateKeyPair('EdDSA');
  return await new SignJWT({ sub: 'user_ada', client_id: applicationId, azp: anonymousConnectionId })
    .setProtectedHeader({ alg: 'EdDSA', kid: keys[0].kid, typ: 'at+jwt' })
    .setIssuer(authressApiUrl)
    .setExpirationTime('5m')
    .sign(privateKey);
}

/**
 * Checks that a shop's API refuses requests without a bearer token and with forged ones.
 * @param {string} shop
 * @param {Settings} settings of the sandbox that the shop trusts
 */
export async function isRefusedAt(shop, settings) {
  /** @type {[headers: Record<string, string>, errorCode: string][]} */
  const requests = [
    [{}, 'TokenMissing'],
    [{ cookie: 'authorization=e30.e30.e30' }, 'TokenMissing'],
    [{ authorization: 'Bearer e30.e30.e30' }, 'TokenMalformed'],
    [{ authorization: `Bearer ${await forgedToken(settings)}` }, 'TokenInvalidSignature'],
  ];
  for (const [headers, errorCode] of requests) {
    for (const [method, path] of [
      ['GET', '/api/cart'],
      ['PUT', '/api/cart/mug'],
    ]) {
      const response = await fetch(`${shop}${path}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
      });
      const body = /** @type {{ errorCode?: string }} */ (await response.json());
      assert.deepEqual([response.status, body.errorCode], [401, errorCode], `${method} ${path}`);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  }
}
