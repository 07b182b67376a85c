// When the keys of an issuer are fetched, on a server: the rules of crates/access-token/src/issuer_keys.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  KEYS_FRESH_MS,
  KEYS_MIN_INTERVAL_MS,
  KEYS_STALE_MS,
  KEYS_TIMEOUT_MS,
  KID_UNKNOWN_MS,
  MAX_KEY_SET_BYTES,
} from '../../pkg/generated/access-token.js';
import { Issuer, createShopperVerifier, load, serve } from './server-entry.mjs';

const { IssuerKeys } = await load('issuer-keys.js');

/** An issuer in memory, with a clock. */
class Fake {
  now = 1_000;
  requests = 0;
  /** @type {string[] | Error} */
  response = ['k1'];
  /** The response waits for it. */
  gate = Promise.resolve();
  keys = new IssuerKeys('https://login.example.com/keys', {
    now: () => this.now,
    request: async () => {
      this.requests += 1;
      await this.gate;
      if (this.response instanceof Error) throw this.response;
      return this.response.map((kid) => ({ kid }));
    },
  });

  /**
   * The ids of the keys for a `kid`, or the code of the error.
   * @param {string} kid
   */
  async ids(kid) {
    try {
      return (await this.keys.forKid(kid)).map((/** @type {{ kid: string }} */ key) => key.kid);
    } catch ({ code }) {
      return code;
    }
  }

  /** Closes the gate, and returns what opens it. */
  close() {
    let open = () => {};
    /** @type {Promise<void>} */
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    this.gate = gate;
    return open;
  }
}

describe('the keys of an issuer', () => {
  test('are fetched once and then cached for five minutes', async () => {
    const issuer = new Fake();
    for (let call = 0; call < 3; call++) assert.deepEqual(await issuer.ids('k1'), ['k1']);
    issuer.now += KEYS_FRESH_MS - 1;
    await issuer.ids('k1');
    assert.equal(issuer.requests, 1);
    issuer.now += 1;
    await issuer.ids('k1');
    assert.equal(issuer.requests, 2);
  });

  test('are fetched by one request for all who wait', async () => {
    const issuer = new Fake();
    const open = issuer.close();
    const waiting = ['k1', 'k1', 'k2', 'k3'].map((kid) => issuer.ids(kid));
    open();
    assert.deepEqual(await Promise.all(waiting), Array(4).fill(['k1']));
    assert.equal(issuer.requests, 1);
  });

  test('are not fetched for each kid that a client invents', async () => {
    const issuer = new Fake();
    for (let number = 0; number < 1_000; number++) await issuer.ids(`invented-${number}`);
    assert.equal(issuer.requests, 1);
    for (let times = 0; times < 5; times++) {
      issuer.now += KEYS_MIN_INTERVAL_MS;
      for (let number = 0; number < 1_000; number++) await issuer.ids(`invented-${times}-${number}`);
    }
    assert.equal(issuer.requests, 6, 'one in three seconds');
  });

  test('are fetched again for an unknown kid after half a minute', async () => {
    const issuer = new Fake();
    await issuer.ids('k2');
    issuer.now += KID_UNKNOWN_MS - 1;
    assert.deepEqual(await issuer.ids('k2'), ['k1']);
    assert.equal(issuer.requests, 1);
    issuer.now += 1;
    issuer.response = ['k1', 'k2'];
    assert.deepEqual(await issuer.ids('k2'), ['k1', 'k2']);
  });

  test('include a new one as soon as a token with it comes', async () => {
    const issuer = new Fake();
    await issuer.ids('k1');
    issuer.now += KEYS_MIN_INTERVAL_MS;
    issuer.response = ['k1', 'k2'];
    assert.deepEqual(await issuer.ids('k2'), ['k1', 'k2']);
    assert.equal(issuer.requests, 2);
  });

  test('are used for an hour while the issuer does not respond', async () => {
    const issuer = new Fake();
    await issuer.ids('k1');
    issuer.response = new Error('unreachable');
    issuer.now += KEYS_STALE_MS - 1;
    assert.deepEqual(await issuer.ids('k1'), ['k1']);
    assert.equal(issuer.requests, 2);
    issuer.now += 1;
    assert.equal(await issuer.ids('k1'), 'KeysUnavailable');
  });

  test('are unknown after a failure, and so is whether a key exists', async () => {
    const issuer = new Fake();
    await issuer.ids('k1');
    issuer.response = new Error('unreachable');
    issuer.now += KEYS_MIN_INTERVAL_MS;
    assert.equal(await issuer.ids('k2'), 'KeysUnavailable', 'the key may exist');
    assert.deepEqual(await issuer.ids('k1'), ['k1']);
    const failed = await issuer.keys.forKid('k2').catch((/** @type {unknown} */ error) => error);
    assert.deepEqual([failed.status, failed.headers['retry-after'], failed.cause], [503, '3', issuer.response]);
    issuer.response = ['k1', 'k2'];
    issuer.now += KEYS_MIN_INTERVAL_MS;
    assert.deepEqual(await issuer.ids('k2'), ['k1', 'k2'], 'without waiting for half a minute');
    assert.equal(issuer.requests, 3);
  });

  test('that are cached do not wait for a slow issuer', async () => {
    const issuer = new Fake();
    await issuer.ids('k1');
    issuer.now += KEYS_FRESH_MS;
    const open = issuer.close();
    const first = issuer.ids('k1');
    const unknown = issuer.ids('k2');
    assert.deepEqual(await issuer.ids('k1'), ['k1'], 'while the request is in flight');
    open();
    assert.deepEqual(await Promise.all([first, unknown]), [['k1'], ['k1']]);
    assert.equal(issuer.requests, 2);
  });

  test('are fetched again when a request never ends', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const issuer = new Fake();
    void issuer.close();
    const waiting = issuer.ids('k1');
    issuer.now += KEYS_TIMEOUT_MS + 1_000;
    t.mock.timers.tick(KEYS_TIMEOUT_MS + 1_000);
    assert.equal(await waiting, 'KeysUnavailable');
    issuer.gate = Promise.resolve();
    assert.deepEqual(await issuer.ids('k1'), ['k1']);
  });
});

describe('the request for the keys', () => {
  /** @type {Record<string, (origin: string) => import('node:http').RequestListener>} */
  const WRONG = {
    'an error': () => (_, response) => response.writeHead(500).end('{"keys":[]}'),
    'a page': () => (_, response) => response.end('<html>'),
    'no key set': () => (_, response) => response.end('{}'),
    'too much': () => (_, response) => response.end(`{"keys":[],"padding":"${'x'.repeat(MAX_KEY_SET_BYTES)}"}`),
    'a redirect': (origin) => (_, response) => response.writeHead(302, { location: origin }).end(),
    'a closed connection': () => (request) => request.socket.destroy(),
    nothing: () => () => {},
  };

  for (const [name, respond] of Object.entries(WRONG)) {
    test(`is not answered by ${name}`, async (t) => {
      const issuer = await Issuer.start(t);
      const other = await serve(t, respond(issuer.origin));
      const verifier = createShopperVerifier({ ...issuer.settings, keysUrl: () => other });
      const before = performance.now();
      const error = await verifier.verify(await issuer.token()).catch((thrown) => thrown);
      assert.equal(error.code, 'KeysUnavailable');
      assert.ok(error.cause instanceof Error, 'the cause is for logs');
      assert.ok(performance.now() - before < KEYS_TIMEOUT_MS + 2_000);
      assert.deepEqual(issuer.requests, []);
    });
  }

  test('has no credentials and a URL that contains nothing of the token', async (t) => {
    const issuer = await Issuer.start(t);
    /** @type {import('node:http').IncomingMessage[]} */
    const received = [];
    const keys = await serve(t, (request, response) => {
      received.push(request);
      response.end(JSON.stringify(issuer.jwks));
    });
    const verifier = createShopperVerifier({
      authressApiUrl: 'https://account.login.authress.io',
      applicationId: 'app_shop',
      keysUrl: (issuerUrl) => `${keys}/${issuerUrl.slice('https://'.length)}`,
    });
    for (const host of ['account.api.authress.io', 'account.api-eu-west.authress.io', 'account.api-evil.authress.io'])
      await verifier.verify(await issuer.token({ iss: `https://${host}` }));
    assert.deepEqual(
      received.map(({ url }) => url),
      ['/account.login.authress.io'],
    );
    const { authorization, cookie } = received[0].headers;
    assert.deepEqual([authorization, cookie], [undefined, undefined]);
  });
});
