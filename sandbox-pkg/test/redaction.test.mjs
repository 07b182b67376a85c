// What may be shown of a request and of an error.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { redactTarget, redactText } from '../src/redact.js';
import { errorOf } from '../src/response-error.js';

const STATE = 'k3v9q2m8x7c1b5n4z6a0';
const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl';

for (const [target, shown] of [
  ['/api/authentication', '/api/authentication'],
  [`/api/authentication/${STATE}/tokens`, '/api/authentication/…/tokens'],
  ['/.well-known/openid-configuration/jwks', '/.well-known/openid-configuration/jwks'],
  [
    '/v1/clients/sc_local/.well-known/openid-configuration/jwks',
    '/v1/clients/sc_local/.well-known/openid-configuration/jwks',
  ],
  [
    `/login?state=${STATE}&code=${TOKEN}&iss=http%3A%2F%2F127.0.0.1%3A8888%2Fv1%2Fclients%2Fsc_local`,
    '/login?state=…&code=…&iss=http://127.0.0.1:8888/v1/clients/sc_local',
  ],
  [
    `/login?state=${STATE}&error=access_denied&error_description=secret`,
    '/login?state=…&error=access_denied&error_description=…',
  ],
  [
    `/sandbox/verifier/v1/login?client_id=sc_local&state=${STATE}&redirect_uri=http://127.0.0.1:8888/login`,
    '/sandbox/verifier/v1/login?client_id=sc_local&state=…&redirect_uri=http://127.0.0.1:8888/login',
  ],
  [
    `/logout?client_id=app_local&redirect_uri=http://localhost:5173/${STATE}/cart?nonce=${STATE}`,
    '/logout?client_id=app_local&redirect_uri=http://localhost:5173/…/cart?…',
  ],
  ['/api/session/identities/con_acorn%7Cada', '/api/session/identities/…'],
  ['/v1/users/user_k3v9q2m8', '/v1/users/…'],
  // A secret in the place of a name, of an id or of a word.
  [`/login?${STATE}`, '/login?…'],
  [`/login?client_id=${STATE}&iss=${TOKEN}&error=${TOKEN}`, '/login?client_id=…&iss=…&error=…'],
  ['/aaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '/…'],
  [`//${TOKEN}?a=%`, '//…?a=…'],
  ['*', '…'],
])
  test(`of ${target} is shown ${shown}`, () => assert.equal(redactTarget(target), shown));

test('a sentence is shown without what it quotes', () => {
  assert.equal(redactText(`invalid type: string "${STATE}", expected u64`), 'invalid type: string "…", expected u64');
  assert.equal(redactText(`at http://localhost/cart?code=${STATE} now`), 'at http://localhost/cart?… now');
  assert.equal(redactText(`the code ${TOKEN} of ${STATE}`), 'the code … of …');
  assert.equal(redactText('AuthenticationRequestExpired'), 'AuthenticationRequestExpired');
  assert.equal(redactText('x '.repeat(1000)).length, 241);
});

test('errors are read from JSON, from error pages and from redirects', () => {
  const of = (/** @type {number} */ status, /** @type {string} */ text, /** @type {string[]} */ headers = []) =>
    errorOf({ status, headers, body: Buffer.from(text) });
  assert.deepEqual(of(400, '{"errorCode":"A","title":"B.","errorId":"1"}'), { code: 'A', title: 'B.' });
  assert.deepEqual(of(400, '{"error":"a","error_description":"B."}'), { code: 'a', title: 'B.' });
  assert.deepEqual(of(400, '{"code":"A","message":"B."}'), { code: 'A', title: 'B.' });
  const page = '<p class="lead" role="alert">B &#38; C.</p><p class="code" data-testid="error-code">A</p>';
  assert.deepEqual(of(400, page), { code: 'A', title: 'B & C.' });
  const location = `http://localhost/?nonce=${STATE}&error=access_denied&errorCode=A&error_description=B.`;
  assert.deepEqual(of(302, '', ['Location', location]), { code: 'A', title: 'B.' });
  assert.equal(of(302, '', ['location', '/login?code=1']), null);
  assert.equal(of(200, '{"errorCode":"A"}'), null);
  for (const text of ['', 'null', '[]', '1', '{"errorCode":1}', '<p>']) assert.equal(of(500, text), null, text);
});
