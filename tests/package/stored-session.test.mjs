// What JavaScript answers without the module, by the vectors that the core is held to as well (tests/vectors/README.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';

import { checkedHost } from '../../pkg/settings.js';
import { isCallback, maySendTokenTo, storedSession } from '../../pkg/stored-session.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
const callbackUrls = read('callback-url.json');
const tokenOrigins = read('token-origins.json');
const { defaults, tokens, rows } = read('stored-session.json');

const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Makes this process look like a page with this address, storage and cookies. */
function showPage({ href, localStorage = {}, sessionStorage = {}, cookie = '', nowMs = 0 }) {
  const texts = (entries) => Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, text(value)]));
  const storage = (entries) =>
    Object.create({ getItem: (key) => entries[key] ?? null }, Object.getOwnPropertyDescriptors(entries));
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
  for (const name of ['location', 'localStorage', 'sessionStorage', 'document']) delete globalThis[name];
  Date.now = now;
});

/** Puts the tokens in the place of their names. */
const withTokens = (value) =>
  JSON.parse(
    JSON.stringify(value).replace(
      /\$\{(\w+)\}/g,
      (_, name) => `e30.${Buffer.from(JSON.stringify(tokens[name])).toString('base64url')}.sig`,
    ),
  );

describe('without the module', () => {
  for (const { name, href, nonce } of callbackUrls) {
    test(`a callback URL: ${name}`, () => {
      const id = nonce ?? 'R1';
      showPage({ href, localStorage: { [`AuthenticationRequestNonce.${id}`]: { nonce: id } } });
      assert.equal(Boolean(isCallback()), nonce !== null);
      showPage({ href });
      assert.equal(Boolean(isCallback()), false, 'without a pending authorization');
    });
  }

  for (const row of rows) {
    test(`a stored session: ${row.name}`, () => {
      const { authressApiUrl, applicationId, expected, fast, ...page } = withTokens({ ...defaults, ...row });
      showPage(page);
      const answer = storedSession(checkedHost(authressApiUrl), applicationId);
      assert.equal(Boolean(answer), fast);
      if (!answer) return;
      const { token, identity } = answer;
      const { userId, exp, isAnonymous } = identity;
      assert.deepEqual({ userId, token, exp, isAnonymous }, expected);
    });
  }

  for (const { name, page, url, tokenOrigins: origins = '', allowed } of tokenOrigins) {
    test(`the token in a request: ${name}`, () => {
      showPage({ href: page });
      assert.equal(maySendTokenTo(url, origins), allowed);
    });
  }
});
