// The verifier's signed statements are accepted like those of the published SDK: both sign the same request with the same
// access key, and header, claims and login URL are compared.
//
// Run after `cargo build -p authress-verifier`, from the folder `tests`:
//   node --test reference/verifier.test.mjs
//
// Deliberate differences, each asserted below:
//   sub  is created by the verifier; the SDK gets one from its caller.
//   jti  is added (random), so that a statement that is replayed can be rejected.
//   iat  is cut to whole seconds; the SDK rounds, which can be half a second in the future.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import sdk from '@authress/sdk';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

import { start } from './servers.mjs';

const { ServiceClientTokenProvider } = sdk;

const clientId = 'sc_demoShop';
const keyId = 'k1aB';
const accountId = 'acc-0123456789';
const domain = 'https://login.example.com';
const audience = `${accountId}.accounts.authress.io`;
const issuer = `${domain}/v1/clients/${clientId}`;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const der = privateKey.export({ format: 'der', type: 'pkcs8' });

/**
 * The login URL that the verifier redirects to.
 * @param {string} address
 * @param {string} redirectUri
 * @param {string} state
 */
async function loginUrlOfVerifier(address, redirectUri, state) {
  const url = new URL('/v1/login', address);
  url.search = String(new URLSearchParams({ client_id: clientId, state, redirect_uri: redirectUri }));
  // Not `fetch`: its Fetch Metadata is not that of a navigation.
  /** @type {import('node:http').IncomingMessage[]} */
  const [response] = await once(get(url), 'response');
  response.resume();
  assert.equal(response.statusCode, 302);
  assert.ok(response.headers.location);
  return response.headers.location;
}

/** @param {string} loginUrl */
const codeOf = (loginUrl) => new URL(loginUrl).searchParams.get('code') ?? '';

// Made by the SDK and in the form of its newer version 3.2; Rust compares the verifier's own statement with them.
const vectors = JSON.parse(readFileSync(new URL('../vectors/login-statements.json', import.meta.url), 'utf8'));

test('the statement of the published SDK is the one of the vectors', async () => {
  const [first] = vectors.statements;
  const provider = new ServiceClientTokenProvider(vectors.accessKey);
  const issuedAt = Date.now() / 1000;
  const loginUrl = await provider.generateUserLoginUrl(vectors.redirectUri, vectors.state, 'clientId', first.userId);
  const { iat = 0, exp = 0, ...claims } = claimsOf(codeOf(loginUrl));
  const { iat: theirIat, exp: theirExp, ...theirClaims } = first.claims;
  assert.deepEqual(claims, theirClaims);
  assert.deepEqual(decodeProtectedHeader(codeOf(loginUrl)), first.header);
  assert.equal(exp - iat, theirExp - theirIat);
  assert.ok(Math.abs(iat - issuedAt) <= 5);
});

/** @type {(code: string) => any} */
const claimsOf = (code) => decodeJwt(code);

for (const encoding of /** @type {const} */ (['base64', 'base64url'])) {
  describe(`with an access key in ${encoding}`, () => {
    const accessKey = `${clientId}.${keyId}.${accountId}.${der.toString(encoding)}`;
    /** @type {Awaited<ReturnType<typeof start>>} */
    let verifier;
    before(async () => {
      verifier = await start('authress-verifier', [], {
        // Every test sends its requests from one address, some of them with the same state.
        AUTHRESS_API_URL: domain,
        AUTHRESS_ACCESS_KEY: accessKey,
        AUTHRESS_REDIRECT_URI_PARAMETERS: 'a, b',
        LISTEN: '127.0.0.1:0',
        RATE_LIMIT_CLIENT_BURST: '1000',
        STATE_REMEMBERED_S: '0',
      });
    });
    after(() => verifier.stop());

    /** @type {(redirectUri: string, state: string, userId: string) => Promise<string>} */
    const loginUrlOfSdk = (redirectUri, state, userId) =>
      new ServiceClientTokenProvider(accessKey, domain).generateUserLoginUrl(redirectUri, state, clientId, userId);

    test('header and claims are the same except for the deliberate differences', async () => {
      const ours = codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S'));
      const { sub, jti, iat, exp, ...ourClaims } = claimsOf(ours);
      const theirs = codeOf(await loginUrlOfSdk(`${domain}/login`, 'S', sub));
      const { sub: theirSub, iat: theirIat, exp: theirExp, ...theirClaims } = claimsOf(theirs);

      assert.deepEqual(decodeProtectedHeader(ours), decodeProtectedHeader(theirs));
      assert.deepEqual(ourClaims, theirClaims);
      assert.equal(sub, theirSub);
      assert.equal(exp - iat, theirExp - theirIat);
      assert.ok(theirIat - iat >= 0 && theirIat - iat <= 5, 'signed within a few seconds');
      assert.match(sub, /^user_[0-9a-z]{26}$/);
      assert.match(jti, /^[0-9a-z]{26}$/);
    });

    test('jose verifies the signature with the policy of the receiving side', async () => {
      for (const code of [
        codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S')),
        codeOf(await loginUrlOfSdk(`${domain}/login`, 'S', 'user_1')),
      ]) {
        const { payload, protectedHeader } = await jwtVerify(code, publicKey, {
          algorithms: ['EdDSA'],
          audience,
          issuer,
          typ: 'oauth-authz-req+jwt',
          maxTokenAge: '60s',
          clockTolerance: 1, // for the rounding of the SDK
          requiredClaims: ['sub', 'exp', 'iat', 'client_id', 'max_age', 'scope'],
        });
        assert.equal(protectedHeader.kid, keyId);
        assert.equal(payload.client_id, clientId);
      }
    });

    test('jose rejects the signature with another key', async () => {
      const code = codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S'));
      const other = generateKeyPairSync('ed25519').publicKey;
      await assert.rejects(jwtVerify(code, other), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    });

    test('iat is never in the future', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { iat } = claimsOf(codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S')));
        assert.ok(iat <= Date.now() / 1000);
        await setTimeout(50);
      }
    });

    test('the login URL is the same except for the code', async () => {
      /** @param {string} loginUrl */
      const withoutCode = (loginUrl) => loginUrl.replace(/(?<=[?&]code=)[^&]*/, '');
      for (const redirectUri of [
        `${domain}/login`,
        `${domain}/login?a=1&b=x%2Fy`,
        'https://LOGIN.example.com:443/login',
      ]) {
        for (const state of ['S', 'a/b+c=d&e?f#g', "!$'()*,;:@~._-", '"<>\\^`{|}%', 'x'.repeat(512)]) {
          const ours = await loginUrlOfVerifier(verifier.address, redirectUri, state);
          const theirs = await loginUrlOfSdk(redirectUri, state, 'user_1');
          assert.equal(withoutCode(ours), withoutCode(theirs));
        }
      }
    });
  });
}
