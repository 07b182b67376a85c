// Access tokens on a server, by the vectors that crates/access-token reads too.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';

import { acceptedIssuers, isSafeOrigin } from '../../pkg/src/server/issuers.js';
import { Issuer, ShopperError, codeOf, createShopperVerifier, load, serve } from './server-entry.mjs';

/** @type {(path: string) => any} */
const read = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const published = read('crates/access-token/tests/vectors.json');
const policy = read('tests/vectors/access-token-policy.json');
const issuers = read('tests/vectors/issuers.json');

/** Ends with the file. */
const file = { after };

describe('tokens made with jose and the published SDK', async () => {
  const keys = await serve(file, ({ url }, response) => {
    response.end(JSON.stringify(url === '/users' ? published.jwks : published.clientJwks));
  });
  const verifier = createShopperVerifier({
    authressApiUrl: published.issuer,
    applicationId: 'app_shop',
    serviceClients: ['sc_erp'],
    keysUrl: (issuer) => `${keys}/${issuer === published.issuer ? 'users' : 'client'}`,
    now: () => published.now * 1_000,
  });

  for (const { name, token, error } of published.vectors) {
    test(`${name}: ${error ?? 'accepted'}`, async () => {
      assert.equal(await codeOf(verifier.verify(token)), error);
      const authorized = { headers: { authorization: `Bearer ${token}` }, method: 'GET' };
      assert.equal(await codeOf(verifier.shopperOf(authorized)), error);
    });
  }

  test('have a user, a connection and claims', async () => {
    const shopper = await verifier.verify(published.vectors[0].token);
    const { userId, isAnonymous, connectionId, claims } = shopper;
    assert.deepEqual(
      { userId, isAnonymous, connectionId },
      { userId: 'user_a', isAnonymous: false, connectionId: 'con_acorn' },
    );
    assert.equal(claims.scope, 'openid profile');
    assert.ok(Object.isFrozen(shopper));
  });
});

describe('the claims of a token', async () => {
  const issuer = await Issuer.start(file);
  for (const { name, claims, typ, audience, leewaySeconds, error } of policy.cases) {
    test(`${name}: ${error ?? 'accepted'}`, async () => {
      const verifier = createShopperVerifier({
        authressApiUrl: policy.claims.iss,
        applicationId: policy.applicationId,
        serviceClients: [policy.serviceClient],
        ...(audience && { audience }),
        leewaySeconds,
        keysUrl: () => issuer.origin,
        now: () => policy.now * 1_000 + 999,
      });
      const changed = Object.entries({ ...policy.claims, ...claims }).map(([key, value]) => [key, value ?? undefined]);
      const token = await issuer.token(Object.fromEntries(changed), { typ: typ ?? 'at+jwt' });
      assert.equal(await codeOf(verifier.verify(token)), error);
    });
  }
});

describe('issuers', () => {
  const { origins, account, customDomains } = issuers;
  const clientPath = '/v1/clients/sc_erp';

  test('are configured as an origin with TLS, or on this machine', () => {
    for (const origin of origins.accepted) assert.ok(isSafeOrigin(origin), origin);
    for (const origin of origins.rejected) assert.ok(!isSafeOrigin(origin), origin);
  });

  for (const configured of account.configured) {
    test(`of the account of ${configured} are one issuer, and no others`, () => {
      const { all, read } = acceptedIssuers(configured, ['sc_erp']);
      assert.deepEqual(all, [account.users, account.client]);
      for (const iss of account.sameIssuer) {
        assert.deepEqual(read(iss), { issuer: account.users, serviceClient: null });
        assert.deepEqual(read(iss + clientPath), { issuer: account.client, serviceClient: 'sc_erp' });
        assert.equal(read(`${iss}/v1/clients/sc_other`), undefined);
      }
      for (const iss of account.otherIssuers) assert.equal(read(iss), undefined, JSON.stringify(iss));
    });
  }

  for (const origin of customDomains.configured) {
    test(`of ${origin} are itself only`, () => {
      const { all, read } = acceptedIssuers(origin, ['sc_erp']);
      assert.deepEqual(all, [origin, origin + clientPath]);
      assert.deepEqual(read(origin), { issuer: origin, serviceClient: null });
      assert.deepEqual(read(origin + clientPath), { issuer: origin + clientPath, serviceClient: 'sc_erp' });
      for (const iss of customDomains.otherIssuers) assert.equal(read(iss), undefined, iss);
      for (const ending of customDomains.otherEndings) assert.equal(read(origin + ending), undefined, ending);
    });
  }
});

describe('a service client', () => {
  test('has keys of its own, below its issuer, and cannot sign for users with them', async (t) => {
    const issuer = await Issuer.start(t);
    const serviceClients = ['sc_erp'];
    const verifier = createShopperVerifier({ ...issuer.settings, serviceClients });
    const iss = `${issuer.origin}/v1/clients/sc_erp`;
    const shopper = await verifier.verify(await issuer.token({ iss, sub: 'sc_erp', azp: undefined }));
    assert.deepEqual([shopper.userId, shopper.isAnonymous, shopper.connectionId], ['sc_erp', false, null]);
    assert.equal(await codeOf(verifier.verify(await issuer.token({ iss }))), 'TokenOtherSubject');
    await verifier.verify(await issuer.token());
    const path = '/.well-known/openid-configuration/jwks';
    assert.deepEqual(issuer.requests, [`/v1/clients/sc_erp${path}`, path]);
  });
});

describe('the form of a token', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' };
  const origin = await serve(file, (_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  const verifier = createShopperVerifier({ authressApiUrl: origin, applicationId: 'app_shop' });
  const header = '{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}';
  const claims = `{"iss":"${origin}","sub":"user_a","client_id":"app_shop","exp":9999999999}`;
  const encode = (/** @type {string} */ text) => Buffer.from(text).toString('base64url');
  /** @param {string} input of the signature */
  const signed = (input) => `${input}.${signBytes(null, Buffer.from(input), privateKey).toString('base64url')}`;
  /** @param {{ header?: string, claims?: string }} changes */
  const token = (changes) => signed(`${encode(changes.header ?? header)}.${encode(changes.claims ?? claims)}`);
  const good = token({});

  test('is accepted as it should be', async () => {
    assert.equal((await verifier.verify(good)).userId, 'user_a');
  });

  for (const [name, wrong, code] of /** @type {[string, string, string][]} */ ([
    ['empty', '', 'TokenMalformed'],
    ['no JWT', 'opaque', 'TokenMalformed'],
    ['four segments', `${good}.e30`, 'TokenMalformed'],
    ['two segments', good.slice(0, good.lastIndexOf('.')), 'TokenMalformed'],
    ['padding', `${good}==`, 'TokenMalformed'],
    // The last letter of a signature of 64 bytes has four bits that say nothing.
    ['another spelling of the signature', `${good.slice(0, -1)}B`, 'TokenMalformed'],
    ['white space', ` ${good}`, 'TokenMalformed'],
    ['a short signature', `${good.slice(0, good.lastIndexOf('.'))}.AAAA`, 'TokenInvalidSignature'],
    ['claims that are a list', token({ claims: '[]' }), 'TokenMalformed'],
    ['claims that are no JSON', token({ claims: '{' }), 'TokenMalformed'],
    ['claims that are no UTF-8', signed(`${encode(header)}._w`), 'TokenMalformed'],
    ['a claim twice', token({ claims: claims.replace('{', '{"sub":"user_b",') }), 'TokenMalformed'],
    ['a claim twice, escaped', token({ claims: claims.replace('{', '{"s\\u0075b":"user_b",') }), 'TokenMalformed'],
    ['a member of the header twice', token({ header: header.replace('{', '{"typ":"JWT",') }), 'TokenMalformed'],
    ['no kid', token({ header: '{"alg":"EdDSA","typ":"at+jwt"}' }), 'TokenMalformed'],
    ['a number as kid', token({ header: '{"alg":"EdDSA","typ":"at+jwt","kid":1}' }), 'TokenMalformed'],
    ['crit, even as null', token({ header: header.replace('{', '{"crit":null,') }), 'TokenMalformed'],
    ['a list as type', token({ header: header.replace('"at+jwt"', '["at+jwt"]') }), 'TokenMalformed'],
    ['no type', token({ header: header.replace('"at+jwt"', 'null') }), 'TokenWrongType'],
    ['an issuer as a list', token({ claims: claims.replace(`"${origin}"`, `["${origin}"]`) }), 'TokenMalformed'],
    ['more than 16 KiB', token({ claims: claims.replace('{', `{"x":"${'x'.repeat(13_000)}",`) }), 'TokenMalformed'],
  ])) {
    test(`is wrong with ${name}`, async () => assert.equal(await codeOf(verifier.verify(wrong)), code));
  }

  test('may have a name twice below the top level, and in texts', async () => {
    const nested = claims.replace(
      '{',
      String.raw`{"a":{"sub":1,"b":[{"sub":2}]},"c":"\",\"sub\":{","d":"sub","e":[1,"sub"],`,
    );
    assert.equal((await verifier.verify(token({ claims: nested }))).userId, 'user_a');
  });

  test('is a string', async () => {
    for (const wrong of [undefined, null, 5, {}])
      await assert.rejects(verifier.verify(/** @type {any} */ (wrong)), { name: 'TypeError' });
  });
});

describe('a key set', async () => {
  const { publicKeys } = await load('jws.js');
  const { publicKey } = generateKeyPairSync('ed25519');
  const { publicKey: rsaKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = { ...publicKey.export({ format: 'jwk' }), kid: 'a' };
  const rsa = { ...rsaKey.export({ format: 'jwk' }), kid: 'b' };
  /** @param {unknown[]} keys */
  const kids = (...keys) => publicKeys({ keys }).map((/** @type {{ kid: string }} */ { kid }) => kid);

  test('has keys of both algorithms; alg and use may be missing', () => {
    assert.deepEqual(kids(ed25519, rsa), ['a', 'b']);
    assert.deepEqual(kids({ ...ed25519, alg: 'EdDSA', use: 'sig' }, { ...rsa, alg: 'RS512', use: 'sig' }), ['a', 'b']);
  });

  test('skips keys that cannot be used', () => {
    const others = [
      17,
      null,
      { ...ed25519, kid: undefined },
      { ...ed25519, crv: 'X25519' },
      { ...ed25519, alg: 'HS256' },
      { ...ed25519, use: 'enc' },
      { ...ed25519, x: 'AAAA' },
      { ...ed25519, x: 5 },
      { ...rsa, alg: 'RS256' },
      { ...rsa, n: 'AQAB' },
      { ...rsa, n: undefined },
      { ...rsa, n: Buffer.alloc(256).toString('base64url') },
      { ...rsa, e: '' },
      { kty: 'oct', kid: 'c', k: 'AAAA' },
      { kty: 'EC', crv: 'P-256', kid: 'd', x: 'AA', y: 'AA' },
    ];
    assert.deepEqual(kids(...others, ed25519), ['a']);
  });

  test('may pad its keys', () => {
    assert.deepEqual(kids({ ...ed25519, x: `${ed25519.x}=` }, { ...rsa, e: 'AQAB==' }), ['a', 'b']);
  });

  test('must be a key set', () => {
    for (const wrong of [{}, [], null, { keys: {} }, 'keys']) assert.throws(() => publicKeys(wrong), TypeError);
  });

  test('skips the points of small order, and there are no others', () => {
    // The curve -x² + y² = 1 + d x² y² over 2^255 - 19 (RFC 8032 section 5.1), with integers.
    const p = 2n ** 255n - 19n;
    /** @type {(base: bigint, exponent: bigint) => bigint} */
    const power = (base, exponent) => {
      let result = 1n;
      for (let [square, rest] = [base % p, exponent]; rest > 0n; rest >>= 1n, square = (square * square) % p)
        if (rest & 1n) result = (result * square) % p;
      return result;
    };
    const inverse = (/** @type {bigint} */ value) => power(value, p - 2n);
    const d = (((-121665n * inverse(121666n)) % p) + p) % p;
    /** @type {(x: bigint, y: bigint) => [bigint, bigint]} */
    const doubled = (x, y) => {
      const product = (d * x * x * y * y) % p;
      const positive = (/** @type {bigint} */ value) => ((value % p) + p) % p;
      return [
        positive(2n * x * y * inverse(1n + product)),
        positive((y * y + x * x) * inverse(positive(1n - product))),
      ];
    };
    /** @param {string} hex little-endian, without a sign */
    function isSmallOrder(hex) {
      const y = BigInt(`0x${hex.match(/../g)?.reverse().join('')}`) % p;
      const square = ((y * y - 1n) * inverse(d * y * y + 1n)) % p;
      let x = power(square + p, (p + 3n) / 8n);
      if ((x * x - square) % p !== 0n) x = (x * power(2n, (p - 1n) / 4n)) % p;
      assert.equal((x * x - square) % p, 0n, 'it is a point of the curve');
      let point = /** @type {[bigint, bigint]} */ ([x, y]);
      for (let times = 0; times < 3; times++) point = doubled(...point);
      return point[0] === 0n && point[1] === 1n;
    }
    const source = readFileSync(new URL('../../pkg/src/server/jws.js', import.meta.url), 'utf8');
    const listed = [...source.matchAll(/'([0-9a-f]{64})'/g)].map(([, hex]) => hex);
    assert.equal(listed.length, 7, 'five values of y, and two of them again beyond p');
    for (const hex of listed) {
      assert.ok(isSmallOrder(hex), hex);
      for (const sign of [0, 0x80]) {
        const bytes = Buffer.from(hex, 'hex');
        bytes[31] |= sign;
        assert.deepEqual(kids({ ...ed25519, x: bytes.toString('base64url') }), []);
      }
    }
    const own = Buffer.from(String(ed25519.x), 'base64url');
    own[31] &= 0x7f;
    assert.ok(!isSmallOrder(own.toString('hex')));
  });
});

test('an error is a response, and contains nothing of the token', async (t) => {
  const issuer = await Issuer.start(t);
  const verifier = createShopperVerifier(issuer.settings);
  const token = await issuer.token({ exp: 1 });
  const error = await verifier.verify(token).catch((/** @type {unknown} */ thrown) => thrown);
  assert.ok(error instanceof ShopperError && error instanceof Error);
  const title = 'the token has expired; get a new one with ensureToken()';
  assert.deepEqual(
    { ...error, stack: '' },
    {
      stack: '',
      name: 'ShopperError',
      code: 'TokenExpired',
      status: 401,
      wwwAuthenticate: `Bearer error="invalid_token", error_description="${title}"`,
      headers: {
        'cache-control': 'no-store',
        'www-authenticate': `Bearer error="invalid_token", error_description="${title}"`,
      },
      body: { errorCode: 'TokenExpired', title },
    },
  );
  const response = Response.json(error.body, error);
  assert.equal(response.status, 401);
  assert.equal(response.headers.get('www-authenticate'), error.wwwAuthenticate);
  assert.deepEqual(await response.json(), { errorCode: 'TokenExpired', title });
  assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes(token.split('.')[1]));
});
