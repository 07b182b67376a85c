// What the verifier signs is accepted where the published SDK's signature is: both sign with the
// same access key for the same request, and header, claims and address are compared.
//
// Run after `cargo build -p authress-verifier`, from the folder `tests`:
//   node --test reference/verifier.test.mjs
//
// Deliberate differences, each asserted below:
//   sub  is minted by the verifier; the SDK is handed one.
//   jti  is added (random), so that a statement can be recognised when it comes a second time.
//   iat  is cut to whole seconds; the SDK rounds, which can be half a second in the future.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import sdk from '@authress/sdk';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

const { ServiceClientTokenProvider } = sdk;

const binary = fileURLToPath(new URL('../../target/debug/authress-verifier', import.meta.url));

const clientId = 'sc_demoShop';
const keyId = 'k1aB';
const accountId = 'acc-0123456789';
const domain = 'https://login.example.com';
const audience = `${accountId}.accounts.authress.io`;
const issuer = `${domain}/v1/clients/${clientId}`;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const der = privateKey.export({ format: 'der', type: 'pkcs8' });

/** One verifier process. Gives its address and a function that stops it. */
async function startVerifier(accessKey) {
  assert.ok(existsSync(binary), `${binary} is missing: run cargo build -p authress-verifier`);
  const child = spawn(binary, [], {
    // Every test asks from one address, some of them with one state again and again.
    env: {
      AUTHRESS_API_URL: domain,
      AUTHRESS_ACCESS_KEY: accessKey,
      LISTEN: '127.0.0.1:0',
      RATE_LIMIT_CLIENT_BURST: '1000',
      STATE_REMEMBERED_S: '0',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise((resolve) => createInterface(child.stdout).once('line', resolve));
  const line = await Promise.race([ready, exited]);
  assert.match(String(line), /^ready http:\/\/127\.0\.0\.1:\d+$/);
  const stop = async () => {
    child.kill('SIGTERM');
    assert.equal(await exited, 0);
  };
  return { address: line.slice('ready '.length), stop };
}

/** The address the verifier answers with. */
async function loginUrlOfVerifier(address, redirectUri, state) {
  const url = new URL('/v1/login', address);
  url.search = new URLSearchParams({ client_id: clientId, state, redirect_uri: redirectUri });
  // Not `fetch`: that says of itself that it is no navigation.
  const [response] = await once(get(url), 'response');
  response.resume();
  assert.equal(response.statusCode, 302);
  return response.headers.location;
}

const codeOf = (loginUrl) => new URL(loginUrl).searchParams.get('code');

for (const encoding of ['base64', 'base64url']) {
  describe(`with an access key in ${encoding}`, () => {
    const accessKey = `${clientId}.${keyId}.${accountId}.${der.toString(encoding)}`;
    let verifier;
    before(async () => {
      verifier = await startVerifier(accessKey);
    });
    after(() => verifier.stop());

    const loginUrlOfSdk = (redirectUri, state, userId) =>
      new ServiceClientTokenProvider(accessKey, domain).generateUserLoginUrl(redirectUri, state, clientId, userId);

    test('header and claims are the same but for the deliberate differences', async () => {
      const ours = codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S'));
      const { sub, jti, iat, exp, ...ourClaims } = decodeJwt(ours);
      const theirs = codeOf(await loginUrlOfSdk(`${domain}/login`, 'S', sub));
      const { sub: theirSub, iat: theirIat, exp: theirExp, ...theirClaims } = decodeJwt(theirs);

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

    test('jose refuses the signature with another key', async () => {
      const code = codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S'));
      const other = generateKeyPairSync('ed25519').publicKey;
      await assert.rejects(jwtVerify(code, other), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
    });

    test('iat is never in the future', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { iat } = decodeJwt(codeOf(await loginUrlOfVerifier(verifier.address, `${domain}/login`, 'S')));
        assert.ok(iat <= Date.now() / 1000);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });

    test('the address is spelled the same, the code apart', async () => {
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
