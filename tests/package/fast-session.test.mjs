// The stored session in JavaScript, by the vectors that the core's tests use too (tests/vectors/README.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';

import { checkedHost } from '../../pkg/src/settings.js';
import { fastSession, isCallback, maySendTokenTo, storedSession } from '../../pkg/src/fast-session.js';

/** @type {(name: string) => any} */
const read = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
const callbackUrls = read('callback-url.json');
const tokenOrigins = read('token-origins.json');
const reachableCookies = read('reachable-cookies.json');
const { defaults, tokens, rows } = read('stored-session.json');

/** @type {(value: unknown) => string} */
const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * Makes this process look like a page with this address, storage and cookies.
 * @param {{ href: string, localStorage?: object, sessionStorage?: object, cookie?: string, nowMs?: number }} page
 */
function showPage({ href, localStorage = {}, sessionStorage = {}, cookie = '', nowMs = 0 }) {
  /** @type {(entries: object) => Record<string, string>} */
  const texts = (entries) => Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, text(value)]));
  /** @type {(entries: Record<string, string>) => object} */
  const storage = (entries) =>
    Object.create(
      { getItem: (/** @type {string} */ key) => entries[key] ?? null },
      Object.getOwnPropertyDescriptors(entries),
    );
  const globals = {
    location: new URL(href),
    localStorage: storage(texts(localStorage)),
    sessionStorage: storage(texts(sessionStorage)),
    document: Object.create({ cookie }),
  };
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  Date.now = () => nowMs;
}

const { now } = Date;

afterEach(() => {
  for (const name of ['location', 'localStorage', 'sessionStorage', 'document'])
    Reflect.deleteProperty(globalThis, name);
  Date.now = now;
});

/**
 * Replaces the names of tokens by the tokens.
 * @param {unknown} value
 */
const withTokens = (value) =>
  JSON.parse(
    JSON.stringify(value).replace(
      /\$\{(\w+)\}/g,
      (_, name) => `e30.${Buffer.from(JSON.stringify(tokens[name])).toString('base64url')}.sig`,
    ),
  );

describe('without the module', () => {
  for (const { name, href, isCallback: expected } of callbackUrls) {
    test(`a callback URL: ${name}`, () => {
      showPage({ href });
      assert.equal(isCallback(), expected);
    });
  }

  for (const row of rows) {
    test(`a stored session: ${row.name}`, () => {
      const { authressApiUrl, applicationId, expected, fast, ...page } = withTokens({ ...defaults, ...row });
      showPage(page);
      const session = storedSession(checkedHost(authressApiUrl), applicationId);
      assert.equal(Boolean(session), fast);
      if (!session) return;
      const { token, identity } = session;
      const { userId, exp, isAnonymous, sessionOrigin } = identity;
      assert.deepEqual({ userId, token, exp, isAnonymous, sessionOrigin }, expected);
    });

    if (row.expected) {
      test(`never signed out where the core finds a session: ${row.name}`, () => {
        const { authressApiUrl, applicationId, ...page } = withTokens({ ...defaults, ...row });
        // On a page that no cookie of Authress reaches, where only what is stored counts.
        showPage({ ...page, href: page.href.replace('shop.test', 'elsewhere.test') });
        assert.notEqual(fastSession(checkedHost(authressApiUrl), applicationId)?.status, 'signed-out');
      });
    }
  }

  for (const { name, page, authressApiUrl, fast } of reachableCookies) {
    test(`a page where nothing is stored: ${name}`, () => {
      showPage({ href: page });
      assert.deepEqual(fastSession(checkedHost(authressApiUrl), 'app_shop'), { status: fast, userIdentity: null });
    });
  }

  for (const [what, page] of Object.entries({
    'a record that is empty': { localStorage: { AuthenticationCredentialsStorage: '' } },
    'a nonce in the address that is not pending, which the core removes': { href: 'https://www.other.test/?nonce=R1' },
    'an unfinished callback': { sessionStorage: { 'AuthenticationCallback https://login.shop.test app_shop': '{}' } },
  })) {
    test(`the module decides on a page with ${what}`, () => {
      showPage({ href: 'https://www.other.test/', ...page });
      assert.equal(fastSession('https://login.shop.test', 'app_shop'), undefined);
    });
  }

  test('cookies alone are no session', () => {
    showPage({ href: 'https://www.other.test/', cookie: 'user=e30.eyJzdWIiOiJ1c2VyX2EifQ.; authorization=x' });
    assert.equal(fastSession('https://login.shop.test', 'app_shop')?.status, 'signed-out');
  });

  test('the module decides where the storage cannot be read', () => {
    showPage({ href: 'https://www.other.test/' });
    const refuse = () => {
      throw new DOMException('Access is denied.', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'localStorage', { get: refuse, configurable: true });
    assert.equal(fastSession('https://login.shop.test', 'app_shop'), undefined);
  });

  for (const { name, page, url, tokenOrigins: origins = '', allowed } of tokenOrigins) {
    test(`the token in a request: ${name}`, () => {
      showPage({ href: page });
      assert.equal(maySendTokenTo(url, origins), allowed);
    });
  }
});
