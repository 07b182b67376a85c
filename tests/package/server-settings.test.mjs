// The settings of the entry for servers: a mistake is an error that names the setting, when the server starts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { MESSAGES } from '../../pkg/generated/access-token.js';
import * as forBrowsers from '../../pkg/src/server/in-browser.js';
import * as entry from './server-entry.mjs';

const { createClaimTickets, createShopperVerifier, memoryStore, ServerSettingError } = entry;
const HOST = { authressApiUrl: 'https://login.example.com', applicationId: 'app_shop' };
const privateKey = 'MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp';
const TICKETS = { origin: 'https://shop.example.com', key: { id: 'k', privateKey }, store: memoryStore() };

/**
 * The setting that an error names, and its message.
 * @param {(settings: any) => unknown} create
 * @param {unknown} settings
 */
function problem(create, settings) {
  try {
    create(settings);
    return null;
  } catch (error) {
    assert.ok(error instanceof ServerSettingError && error instanceof TypeError, String(error));
    assert.equal(error.code, 'InvalidSetting');
    assert.ok(error.message.startsWith(`authress-login-wasm/server: ${error.setting} `), error.message);
    return { setting: error.setting, message: error.message };
  }
}

/** @type {[create: (settings: any) => unknown, good: Record<string, unknown>, wrong: Record<string, unknown[]>][]} */
const CASES = [
  [
    createShopperVerifier,
    HOST,
    {
      authressApiUrl: [
        undefined,
        null,
        '',
        ' ',
        5,
        'login.example.com',
        'https://login.example.com/',
        'http://login.example.com',
      ],
      applicationId: [undefined, null, '', 5, ['app_shop'], 'sc_shop', 'ext_shop'],
      audience: [undefined, null, '', 5, ['x']],
      serviceClients: [null, 'sc_erp', [''], [5]],
      acceptCookie: [null, 'false', 0],
      origins: [null, 'https://a.test', ['a.test'], ['https://a.test/'], [5], ['http://a.test']],
      leewaySeconds: [null, '5', -1, 1.5, NaN, 5_000],
      keysUrl: [null, 'https://a.test/keys', () => undefined, () => '/keys', () => 'file:///keys'],
      now: [null, 5],
      audiance: ['x'],
    },
  ],
  [
    createClaimTickets,
    TICKETS,
    {
      origin: [undefined, '', 'shop.example.com', 'https://shop.example.com/', 'http://shop.example.com', 5],
      key: [undefined, null, privateKey, []],
      store: [undefined, null, {}, { spend: true }, memoryStore],
      now: [null, 5],
      shop: ['https://shop.example.com'],
    },
  ],
  [memoryStore, {}, { capacity: [0, -1, 1.5, '5', null, 1e9], size: [5] }],
];

for (const [create, good, wrong] of CASES) {
  describe(`the settings of ${create.name}`, () => {
    test('are accepted as they should be', () => assert.equal(problem(create, good), null));

    for (const [name, values] of Object.entries(wrong)) {
      test(`name ${name} if it is wrong`, () => {
        for (const value of values) {
          const found = problem(create, { ...good, [name]: value });
          assert.equal(found?.setting, name, `${String(value)}: ${found?.message}`);
        }
      });
    }

    test('are an object', () => {
      for (const value of [null, 'x', [], () => {}, 5]) {
        assert.match(problem(create, value)?.message ?? '', /must be an object/);
      }
    });
  });
}

describe('a missing environment variable', () => {
  test('is suspected where a setting is undefined', () => {
    assert.match(
      problem(createShopperVerifier, { ...HOST, applicationId: process.env.NOT_SET })?.message ?? '',
      /environment variable/,
    );
    assert.match(
      problem(createShopperVerifier, { ...HOST, authressApiUrl: undefined })?.message ?? '',
      /Authress custom domain/,
    );
  });
});

describe('the key of tickets', () => {
  /** @param {unknown} key */
  const of = (key) => problem(createClaimTickets, { ...TICKETS, key })?.setting ?? null;

  test('is PKCS#8, as PEM or base64', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${privateKey}\n-----END PRIVATE KEY-----\n`;
    for (const good of [privateKey, pem, pem.replaceAll('\n', '\r\n')])
      assert.equal(of({ id: 'k', privateKey: good }), null);
  });

  test('is no other key, and an error contains nothing of it', () => {
    for (const wrong of [
      undefined,
      '',
      'secret-secret-secret',
      privateKey.slice(4),
      `${privateKey}AAAA`,
      privateKey.replace('BCIEI', 'BCIEA'),
      privateKey.replace('K2Vw', 'K2Vu'),
    ]) {
      const found = problem(createClaimTickets, { ...TICKETS, key: { id: 'k', privateKey: wrong } });
      assert.equal(found?.setting, 'key.privateKey');
      assert.ok(!wrong || !found.message.includes(wrong), found.message);
    }
    assert.equal(of({ privateKey }), 'key.id');
    assert.equal(of({ id: 'k', privateKey, kid: 'k' }), 'kid');
  });
});

describe('the entry', () => {
  const types = readFileSync(new URL('../../pkg/server.d.ts', import.meta.url), 'utf8');

  test('has the codes of the types', () => {
    const [, union] = /export type ShopperErrorCode =([^;]+);/.exec(types) ?? [];
    const declared = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    assert.deepEqual(declared, [...Object.keys(MESSAGES), 'CrossSiteRequest']);
    const page = readFileSync(new URL('../../docs/server.md', import.meta.url), 'utf8');
    for (const code of declared) assert.ok(page.includes(`\`${code}\``), `docs/server.md has no ${code}`);
  });

  test('has the names of the types, and so has what browsers get', async () => {
    const declared = [...types.matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name).sort();
    assert.deepEqual(Object.keys(await entry.load()).sort(), declared);
    assert.deepEqual(Object.keys(forBrowsers).sort(), declared);
  });

  test('says in a browser where it belongs, and has nothing of jose there', async () => {
    const { ShopperError: _, ServerSettingError: __, ...functions } = forBrowsers;
    for (const [name, call] of Object.entries(functions))
      assert.throws(call, new RegExp(`${name}.*runs on servers only.*LoginClient`));
    const bytes = (await entry.bundled('in-browser.js')).length;
    assert.ok(bytes < 8_000, `${bytes} bytes`);
  });

  test('takes nothing that is secret into what is printed', () => {
    const tickets = createClaimTickets(TICKETS);
    for (const text of [JSON.stringify(tickets), String(Object.entries(tickets))])
      assert.ok(!text.includes(privateKey));
  });
});
