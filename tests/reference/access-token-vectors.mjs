// Writes crates/access-token/tests/vectors.json: tokens made with `jose` and the published SDK, and whether the SDK's own
// verifier accepts them. From the folder `tests`:
//   node reference/access-token-vectors.mjs

import { createHmac, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import sdk from '@authress/sdk';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';

const { ServiceClientTokenProvider, TokenVerifier } = sdk;

const issuer = 'https://login.example.com';
const serviceClient = `${issuer}/v1/clients/sc_erp`;
const now = Math.floor(Date.now() / 1000);

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const client = generateKeyPairSync('ed25519');

/** @type {(key: import('node:crypto').KeyObject, more: import('jose').JWK) => Promise<import('jose').JWK>} */
const jwk = async (key, more) => ({ ...(await exportJWK(key)), use: 'sig', ...more });
const keys = [
  await jwk(rsa.publicKey, { kid: 'rsa', alg: 'RS512' }),
  await jwk(small.publicKey, { kid: 'small', alg: 'RS512' }),
  await jwk(ed25519.publicKey, { kid: 'ed', alg: 'EdDSA' }),
  { kty: 'EC', crv: 'P-256', kid: 'ec', x: 'AA', y: 'AA' },
];
const clientKeys = [await jwk(client.publicKey, { kid: 'k1', alg: 'EdDSA' })];

const claims = {
  iss: issuer,
  sub: 'user_a',
  client_id: 'app_shop',
  azp: 'con_acorn',
  aud: ['ADZMCGNJ0'], // an id of the account, as Authress names it when no audience is requested
  scope: 'openid profile',
  iat: now,
  exp: now + 3600,
};
const sign = (changes = {}, header = {}, key = ed25519.privateKey) =>
  new SignJWT({ ...claims, ...changes })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'ed', typ: 'at+jwt', ...header })
    .sign(key);
/** @type {(value: object) => string} */
const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RS512's public key as an HMAC secret: works where a library lets the token choose the algorithm. */
function confused() {
  const input = `${segment({ alg: 'HS512', kid: 'rsa', typ: 'at+jwt' })}.${segment(claims)}`;
  const secret = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  return `${input}.${createHmac('sha512', secret).update(input).digest('base64url')}`;
}

const der = client.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const provider = new ServiceClientTokenProvider(`sc_erp.k1.acc-1.${der}`, issuer);
const loginUrl = await provider.generateUserLoginUrl(`${issuer}/login`, 'S', 'sc_erp', 'user_a');
const good = await sign();

const tokens = [
  ['EdDSA', good, null],
  ['RS512', await sign({}, { alg: 'RS512', kid: 'rsa' }, rsa.privateKey), null],
  ['aud as a text', await sign({ aud: 'ADZMCGNJ0' }), null],
  ['no aud', await sign({ aud: undefined }), null],
  ['a service client for itself, made by the SDK', await provider.getToken(), null],
  ['RS256 with the RS512 key', await sign({}, { alg: 'RS256', kid: 'rsa' }, rsa.privateKey), 'TokenMalformed'],
  [
    'RS512 with the kid of the Ed25519 key',
    await sign({}, { alg: 'RS512', kid: 'ed' }, rsa.privateKey),
    'TokenUnknownKey',
  ],
  ['EdDSA with the kid of the RSA key', await sign({}, { kid: 'rsa' }), 'TokenUnknownKey'],
  ['HS512 with the public key as the secret', confused(), 'TokenMalformed'],
  ['no signature', new UnsecuredJWT(claims).encode(), 'TokenMalformed'],
  ['another key with the same kid', await sign({}, {}, client.privateKey), 'TokenInvalidSignature'],
  ['a kid that is not published', await sign({}, { kid: 'other' }), 'TokenUnknownKey'],
  [
    'claims of another token',
    [good.split('.')[0], segment({ ...claims, sub: 'user_b' }), good.split('.')[2]].join('.'),
    'TokenInvalidSignature',
  ],
  ['expired', await sign({ exp: now - 60 }), 'TokenExpired'],
  ['not yet valid', await sign({ nbf: now + 600 }), 'TokenNotYetValid'],
  ['another issuer', await sign({ iss: 'https://login.evil.test' }), 'TokenOtherIssuer'],
  ['a look-alike issuer', await sign({ iss: `${issuer}.evil.test` }), 'TokenOtherIssuer'],
  ['an id token', await sign({}, { typ: 'JWT' }), 'TokenWrongType'],
  ['no type', await sign({}, { typ: undefined }), 'TokenWrongType'],
  ['another application', await sign({ client_id: 'app_other' }), 'TokenOtherApplication'],
  [
    'a service client for a user',
    await sign({ iss: serviceClient, sub: 'user_a' }, { kid: 'k1' }, client.privateKey),
    'TokenOtherSubject',
  ],
  ['an anonymous login statement, made by the SDK', new URL(loginUrl).searchParams.get('code'), 'TokenWrongType'],
  [
    'critical extensions',
    `${segment({ alg: 'EdDSA', kid: 'ed', typ: 'at+jwt', crit: ['b64'], b64: true })}.${good.split('.').slice(1).join('.')}`,
    'TokenMalformed',
  ],
];

/**
 * Whether the SDK accepts a token. It checks neither `typ` nor `client_id`.
 * @param {string} token
 */
async function isAcceptedBySdk(token) {
  /** @type {any} */
  const http = {
    baseUrl: issuer,
    get: async (/** @type {string} */ url) => ({ data: { keys: url.startsWith(serviceClient) ? clientKeys : keys } }),
  };
  try {
    await TokenVerifier(http, token);
    return true;
  } catch {
    return false;
  }
}

const vectors = [];
for (const [name, token, error] of tokens)
  vectors.push({ name, token, error, acceptedBySdk: await isAcceptedBySdk(token ?? '') });
const file = fileURLToPath(new URL('../../crates/access-token/tests/vectors.json', import.meta.url));
writeFileSync(
  file,
  `${JSON.stringify({ issuer, now, jwks: { keys }, clientJwks: { keys: clientKeys }, vectors }, null, 2)}\n`,
);
