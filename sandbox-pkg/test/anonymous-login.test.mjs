// node --test sandbox-pkg/test: anonymous logins against the package, over HTTP.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { startSandbox } from '../index.js';
import { Shopper } from './shopper.mjs';

const PAGE = 'http://localhost:5173/cart';

/** @type {import('../index.js').Sandbox} */
let sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

/**
 * The claims of an access token whose signature is valid.
 * @param {string} token
 */
async function claims(token) {
  const response = await fetch(`${sandbox.url}/.well-known/openid-configuration/jwks`);
  const { keys } = /** @type {{ keys: (import('node:crypto').JsonWebKey & { kid: string })[] }} */ (
    await response.json()
  );
  const [header, payload, signature] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const key = keys.find((key) => key.kid === kid);
  assert.ok(key, 'the key is published');
  const publicKey = createPublicKey({ key, format: 'jwk' });
  assert.ok(verify(null, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')));
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

for (const dialect of /** @type {const} */ (['default', 'strict'])) {
  describe(`an anonymous login in the dialect ${dialect}`, () => {
    beforeEach(() => sandbox.setDialect(dialect));

    test('brings a signed token for an anonymous user id', async () => {
      const shopper = new Shopper(sandbox, PAGE);
      const { body } = await shopper.begin();
      const addresses = await shopper.navigate(body.authenticationUrl);
      assert.ok(
        addresses.some((url) => url.startsWith(`${sandbox.url}/sandbox/verifier/v1/login?`)),
        addresses.join('\n'),
      );
      const callback = new URL(addresses.at(-1) ?? '');
      assert.equal(callback.searchParams.get('nonce'), body.authenticationRequestId);
      const { iss, sub, client_id, azp, exp } = await claims(callback.searchParams.get('access_token') ?? '');
      assert.equal(iss, sandbox.url);
      assert.match(sub, /^user_[a-z0-9]{20,}$/);
      assert.deepEqual([client_id, azp], [sandbox.settings.applicationId, sandbox.settings.anonymousConnectionId]);
      assert.ok(exp > Date.now() / 1000 + 3600);
    });

    test('can bring a code that is exchanged once', async () => {
      const shopper = new Shopper(sandbox, PAGE);
      const { body, codeVerifier } = await shopper.begin({ flowType: 'code' });
      const callback = new URL((await shopper.navigate(body.authenticationUrl)).at(-1) ?? '');
      const code = callback.searchParams.get('code') ?? '';
      const response = await shopper.exchange(body, code, codeVerifier);
      assert.equal(response.status, 200);
      const { access_token: token } = /** @type {{ access_token: string }} */ (await response.json());
      assert.match((await claims(token)).sub, /^user_/);
      assert.equal((await shopper.exchange(body, code, codeVerifier)).status, 400);
    });
  });
}

test('each login has a user id of its own', async () => {
  const login = async () => {
    const shopper = new Shopper(sandbox, PAGE);
    const addresses = await shopper.navigate((await shopper.begin()).body.authenticationUrl);
    return (await claims(new URL(addresses.at(-1) ?? '').searchParams.get('access_token') ?? '')).sub;
  };
  assert.notEqual(await login(), await login());
});

test('sandbox and verifier have one clock, which tests advance', async () => {
  const day = 24 * 60 * 60;
  sandbox.advanceClock(day);
  const behind = new Shopper(sandbox, PAGE);
  assert.equal((await behind.begin()).body.errorCode, 'AntiAbuseHashExpired');
  const shopper = new Shopper(sandbox, PAGE, () => Date.now() + day * 1000);
  const addresses = await shopper.navigate((await shopper.begin()).body.authenticationUrl);
  const { iat } = await claims(new URL(addresses.at(-1) ?? '').searchParams.get('access_token') ?? '');
  assert.ok(Math.abs(iat - Date.now() / 1000 - day) < 60);
  assert.throws(() => sandbox.advanceClock(2 ** 32 - 1), /ten years/);
});

test('the verifier signs once for a state, and only for the login address of the sandbox', async () => {
  const verifier = `${sandbox.url}/sandbox/verifier/v1/login`;
  const ask = (/** @type {string} */ redirectUri) =>
    fetch(`${verifier}?${new URLSearchParams({ state: 's', redirect_uri: redirectUri })}`, { redirect: 'manual' });
  const elsewhere = await ask('https://evil.test/login');
  assert.equal(elsewhere.status, 400);
  assert.equal((await elsewhere.json()).code, 'RedirectUriNotAllowed');
  assert.equal((await ask(`${sandbox.url}/login`)).status, 302);
  assert.equal((await (await ask(`${sandbox.url}/login`)).json()).code, 'StateAlreadyUsed');
  const posted = await fetch(verifier, { method: 'POST' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET']);
});

test('a page of another application gets no login', async () => {
  const { response, body } = await new Shopper(sandbox, 'https://evil.test/').begin();
  assert.equal(response.status, 400, JSON.stringify(body));
});

test('injected faults delay and drop responses', async () => {
  const fault = async (/** @type {object} */ fault) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ faults: [{ path: '/settings', ...fault }] });
    assert.equal((await fetch(`${sandbox.url}/sandbox/faults`, { method: 'POST', headers, body })).status, 200);
  };
  await fault({ delayMs: 300 });
  const start = performance.now();
  const response = await fetch(`${sandbox.url}/settings`);
  await response.arrayBuffer();
  assert.ok(performance.now() - start >= 300);
  await fault({ drop: true });
  await assert.rejects(fetch(`${sandbox.url}/settings`), TypeError);
});

test('a longer body than a login needs, another host name and an unknown path are refused', async () => {
  const headers = { 'content-type': 'application/json' };
  const tooLong = { method: 'POST', headers, body: `"${'x'.repeat(1_000_000)}"` };
  assert.equal((await fetch(`${sandbox.url}/api/authentication`, tooLong)).status, 413);
  assert.equal((await fetch(`${sandbox.url}/missing`)).status, 404);
  assert.match(await raw('GET /settings HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 421 /);
});

test('an invalid configuration and a used port are errors', async () => {
  await assert.rejects(startSandbox({ applicationId: 'sc_shop' }), /app_/);
  await assert.rejects(startSandbox({ redirectUrls: ['javascript:x'] }), /redirectUrls/);
  await assert.rejects(startSandbox({ dialect: { isuer: 'below' } }), /isuer/);
  await assert.rejects(startSandbox({ port: Number(new URL(sandbox.url).port) }), { code: 'EADDRINUSE' });
  assert.throws(() => sandbox.setDialect(/** @type {any} */ ('lax')), /lax/);
});

test('a stopped sandbox does not respond', async () => {
  const other = await startSandbox();
  assert.equal((await fetch(`${other.url}/missing`)).status, 404);
  await other.stop();
  await assert.rejects(fetch(`${other.url}/missing`), TypeError);
});

/**
 * The response to the text of a request.
 * @param {string} request
 * @returns {Promise<string>}
 */
function raw(request) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', () => resolve(text));
  });
}
