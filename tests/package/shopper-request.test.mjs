// Where a server finds the token of a request, and which requests may use the cookie.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, describe, test } from 'node:test';

import { Issuer, ShopperError, codeOf, createShopperVerifier, serve } from './server-entry.mjs';

const issuer = await Issuer.start({ after });
const verifier = createShopperVerifier(issuer.settings);
const [token, other] = [await issuer.token(), await issuer.token({ sub: 'user_b' })];
const SHOP = 'https://www.example.com';

/**
 * The user of a request, or the code of the error.
 * @param {import('authress-login-wasm/server').ShopperRequest} request
 * @param {import('authress-login-wasm/server').ShopperVerifier} by
 */
const userOf = (request, by = verifier) =>
  by.shopperOf(request).then(
    ({ userId }) => userId,
    (error) => {
      if (error instanceof ShopperError) return error.code;
      throw error;
    },
  );

/**
 * A request of a page of the shop, as the Fetch API has it and as Node.js has it.
 * @param {Record<string, string>} headers
 * @param {string} [method]
 */
const both = (headers, method = 'GET') => [
  new Request(`${SHOP}/api/cart`, { method, headers }),
  { method, url: '/api/cart', headers: { host: 'www.example.com', ...headers } },
];

/** @type {(name: string, expected: string, headers: Record<string, string>, method?: string) => void} */
const expects = (name, expected, headers, method) => {
  test(`${name}: ${expected}`, async () => {
    for (const request of both(headers, method)) assert.equal(await userOf(request), expected);
  });
};

describe('the token', () => {
  const cookie = `theme=dark; authorization=${token}`;
  expects('in the header', 'user_a', { authorization: `Bearer ${token}` });
  expects('with the scheme in lower case', 'user_a', { authorization: `bearer ${token}` });
  expects('in the cookie', 'user_a', { cookie });
  expects('in both: the header counts', 'user_b', { authorization: `Bearer ${other}`, cookie });
  expects('a wrong one in the header is not replaced by the cookie', 'TokenMalformed', {
    authorization: 'Bearer x',
    cookie,
  });
  expects('an empty one in the header neither', 'TokenMissing', { authorization: 'Bearer', cookie });
  expects('the password of a preview site is no token', 'user_a', { authorization: 'Basic eDp5', cookie });
  expects('nowhere', 'TokenMissing', {});
  expects('with another scheme', 'TokenMissing', { authorization: `Token ${token}` });
  expects('two in the header', 'TokenMissing', { authorization: `Bearer ${token}, Bearer ${other}` });
  expects('in a cookie with another name', 'TokenMissing', {
    cookie: `xauthorization=${token}; authorizationx=${token}`,
  });
  expects('an empty cookie', 'TokenMissing', { cookie: 'authorization=; a=b' });
  expects('the same in two cookies', 'user_a', { cookie: `authorization=${token}; authorization=${token}` });
  expects('another one in a second cookie', 'TokenMissing', {
    cookie: `authorization=${token}; authorization=${other}`,
  });

  test('is in no cookie if the shop does not want that', async () => {
    const strict = createShopperVerifier({ ...issuer.settings, acceptCookie: false });
    for (const request of both({ cookie })) assert.equal(await userOf(request, strict), 'TokenMissing');
  });

  test('is found in headers of any form', async () => {
    for (const headers of [
      new Headers({ authorization: `Bearer ${token}` }),
      { Authorization: `Bearer ${token}` },
      { authorization: [`Bearer ${token}`] },
      Object.assign(Object.create(null), { authorization: `Bearer ${token}` }),
      { get: (/** @type {string} */ name) => (name === 'authorization' ? `Bearer ${token}` : undefined) },
    ])
      assert.equal(await userOf({ headers }), 'user_a');
    assert.equal(await userOf({ headers: { authorization: [`Bearer ${token}`, `Bearer ${other}`] } }), 'TokenMissing');
  });

  test('needs a request', async () => {
    for (const wrong of [undefined, null, 'x', {}, { headers: null }, { headers: 5 }])
      await assert.rejects(verifier.shopperOf(/** @type {any} */ (wrong)), TypeError);
  });
});

describe('a request with the cookie', () => {
  const cookie = `authorization=${token}`;
  for (const method of ['GET', 'HEAD', 'OPTIONS'])
    expects(`${method} of another site`, 'user_a', { cookie, 'sec-fetch-site': 'cross-site' }, method);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const [site, expected] of [
      ['same-origin', 'user_a'],
      ['none', 'user_a'],
      ['same-site', 'CrossSiteRequest'],
      ['cross-site', 'CrossSiteRequest'],
      ['', 'CrossSiteRequest'],
    ])
      expects(`${method} of ${site || 'an unknown site'}`, expected, { cookie, 'sec-fetch-site': site }, method);
  }
  expects('POST that says nothing', 'CrossSiteRequest', { cookie }, 'POST');
  expects('POST of its own origin', 'user_a', { cookie, origin: SHOP }, 'POST');
  for (const origin of ['https://blog.example.com', 'http://www.example.com', `${SHOP}:8443`, 'null', 'x', ''])
    expects(`POST of ${origin || 'no origin'}`, 'CrossSiteRequest', { cookie, origin }, 'POST');
  expects(
    'Fetch Metadata before Origin',
    'CrossSiteRequest',
    { cookie, origin: SHOP, 'sec-fetch-site': 'same-site' },
    'POST',
  );
  expects('a WebSocket of another host', 'CrossSiteRequest', {
    cookie,
    upgrade: 'websocket',
    origin: 'https://blog.example.com',
  });
  expects('a WebSocket of a page of the shop', 'user_a', { cookie, upgrade: 'websocket', origin: SHOP });
  const bearer = { authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' };
  expects('POST of another site with a bearer token', 'user_a', bearer, 'POST');

  test('whose method is not known counts as one that changes something', async () => {
    assert.equal(await userOf({ headers: { cookie } }), 'CrossSiteRequest');
    assert.equal(await userOf({ headers: new Headers({ cookie, 'sec-fetch-site': 'same-origin' }) }), 'user_a');
  });

  test('may come from other origins that the shop names', async () => {
    const several = createShopperVerifier({ ...issuer.settings, origins: ['https://checkout.example.com'] });
    const origin = 'https://checkout.example.com';
    for (const request of both({ cookie, origin, 'sec-fetch-site': 'same-site' }, 'POST'))
      assert.equal(await userOf(request, several), 'user_a');
    for (const request of both({ cookie, origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' }, 'POST'))
      assert.equal(await userOf(request, several), 'CrossSiteRequest');
  });

  test('of this machine may be without TLS', async () => {
    const headers = { cookie, host: 'localhost:3000', origin: 'http://localhost:3000' };
    assert.equal(await userOf({ method: 'POST', headers }), 'user_a');
  });

  test('of another site is a 403 without a challenge', async () => {
    const error = await verifier.shopperOf({ method: 'POST', headers: { cookie } }).catch((thrown) => thrown);
    assert.deepEqual(
      [error.status, error.wwwAuthenticate, error.headers],
      [403, null, { 'cache-control': 'no-store' }],
    );
  });
});

describe('a page that is also shown without a session', () => {
  test('has no shopper without a valid token', async () => {
    assert.equal(await verifier.shopperOrNull(new Request(SHOP)), null);
    const expired = `authorization=${await issuer.token({ exp: 1 })}`;
    assert.equal(await verifier.shopperOrNull(new Request(SHOP, { headers: { cookie: expired } })), null);
    const shopper = await verifier.shopperOrNull(new Request(SHOP, { headers: { cookie: `authorization=${token}` } }));
    assert.equal(shopper?.userId, 'user_a');
  });

  test('fails while tokens cannot be verified, and for requests of other sites', async (t) => {
    const closed = await serve(t, (request) => request.socket.destroy());
    const unavailable = createShopperVerifier({ ...issuer.settings, keysUrl: () => closed });
    const request = { method: 'POST', headers: { cookie: `authorization=${token}` } };
    const get = { ...request, method: 'GET' };
    assert.equal(await codeOf(unavailable.shopperOrNull(get)), 'KeysUnavailable');
    assert.equal(await codeOf(verifier.shopperOrNull(request)), 'CrossSiteRequest');
  });
});

test('requests of a server of Node.js are taken as they are', async (t) => {
  const server = createServer(async (request, response) => response.end(await userOf(request)));
  t.after(() => server.close());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  /** @param {import('node:http').RequestOptions} options */
  const send = (options) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('end', () => resolve(text));
        response.on('data', (chunk) => {
          text += chunk;
        });
      });
      sent.on('error', reject).end();
    });
  assert.equal(await send({ headers: { authorization: `Bearer ${token}` } }), 'user_a');
  assert.equal(await send({ headers: { cookie: ['a=b', `authorization=${token}`] } }), 'user_a');
  const cookie = `authorization=${token}`;
  assert.equal(await send({ method: 'POST', headers: { cookie, origin: `http://127.0.0.1:${port}` } }), 'user_a');
  assert.equal(await send({ method: 'POST', headers: { cookie, origin: 'https://evil.test' } }), 'CrossSiteRequest');

  // Node.js itself shows the first of two headers only.
  const raw = await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('end', () => resolve(text));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const headers = [token, other].map((one) => `Authorization: Bearer ${one}\r\n`).join('');
    socket.end(`GET / HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`);
  });
  assert.match(raw, /TokenMissing/);
});
