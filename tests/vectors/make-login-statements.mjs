// Writes login-statements.json: the statement of a verifier as the published SDK 2.3 signs it, and in the form of SDK 3.2,
// which the npm registry does not serve. From the folder `tests`:
//   node vectors/make-login-statements.mjs

import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import sdk from '@authress/sdk';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';

// Published in the tests of the SDK. The private key contains a slash.
const accessKey = 'clientId.uDeF.acc-test_account_id.MC4CAQAwBQYDK2VwBCIEIE99LFw2c3DCiYwrY/Qkg1nIDiagoHtdCwb88RxarVYA';
const [clientId = '', keyId = '', accountId = '', privateKey = ''] = accessKey.split('.');
const redirectUri = 'https://login.redirect-url.com/login';
const issuer = `https://login.redirect-url.com/v1/clients/${clientId}`;
const state = 'state';
const issuedAt = 1_700_000_000;

/**
 * What SDK 3.2 claims: an hour, a `jti` that is the same for every statement of a user, and an e-mail address where the user
 * id has an `@`.
 * @param {string} userId
 */
const claimsOfSdk3 = (userId) => ({
  aud: `${accountId}.accounts.authress.io`,
  iss: issuer,
  sub: userId,
  client_id: clientId,
  jti: `Authress SDK; Javascript; 3.2.0; ${clientId}-${userId}`,
  iat: issuedAt,
  exp: issuedAt + 3600,
  max_age: 3600,
  scope: 'openid',
  ...(userId.includes('@') ? { email: userId, email_verified: true } : {}),
});

/** @param {string} userId */
async function loginUrlOfSdk3(userId) {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const header = { alg: 'EdDSA', kid: keyId, typ: 'oauth-authz-req+jwt' };
  const code = await new SignJWT(claimsOfSdk3(userId)).setProtectedHeader(header).sign(key);
  return `${redirectUri}?${new URLSearchParams({ code, iss: issuer, state })}`;
}

/** @param {string} userId */
async function loginUrlOfSdk2(userId) {
  const { now } = Date;
  Date.now = () => issuedAt * 1000;
  try {
    return await new sdk.ServiceClientTokenProvider(accessKey).generateUserLoginUrl(
      redirectUri,
      state,
      clientId,
      userId,
    );
  } finally {
    Date.now = now;
  }
}

const statements = [];
for (const [sdkVersion, userId, loginUrl] of [
  ['2.3.127', 'user1', await loginUrlOfSdk2('user1')],
  ['3.2', 'user1', await loginUrlOfSdk3('user1')],
  ['3.2', 'shopper@example.com', await loginUrlOfSdk3('shopper@example.com')],
]) {
  const code = new URL(String(loginUrl)).searchParams.get('code') ?? '';
  statements.push({ sdk: sdkVersion, userId, loginUrl, header: decodeProtectedHeader(code), claims: decodeJwt(code) });
}
writeFileSync(
  fileURLToPath(new URL('login-statements.json', import.meta.url)),
  `${JSON.stringify({ accessKey, redirectUri, issuer, state, issuedAt, statements }, null, 2)}\n`,
);
