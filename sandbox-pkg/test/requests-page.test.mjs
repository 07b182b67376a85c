// The page of requests and its events, over HTTP. browser.test.mjs opens it in a browser.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import { startSandbox } from '../index.js';
import { EventReader } from './event-reader.mjs';
import { Shopper } from './shopper.mjs';

const PAGE = 'http://localhost:5173/cart';

/** @type {import('../index.js').Sandbox} */
let sandbox;
/** @type {EventReader[]} */
let readers = [];
beforeEach(async () => {
  sandbox = await startSandbox({ redirectUrls: ['http://localhost:5173'] });
  readers = [];
});
afterEach(async () => {
  for (const reader of readers) reader.close();
  await sandbox.stop();
});

/**
 * @param {string} [query]
 * @param {Record<string, string>} [headers]
 */
function watch(query = '', headers = {}) {
  const reader = new EventReader(`${sandbox.requestsUrl}/requests${query}`, headers);
  readers.push(reader);
  return reader;
}

/** @type {(path: string, init?: RequestInit) => Promise<Response>} */
const send = (path, init) => fetch(sandbox.url + path, { redirect: 'manual', ...init });
const SAME_ORIGIN = () => ({
  origin: sandbox.url,
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/json',
});

test('the page and its files have a strict policy', async () => {
  const html = await (await send('/sandbox')).text();
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  assert.deepEqual(files.sort(), ['/sandbox/icon.svg', '/sandbox/page.css', '/sandbox/page.js']);
  // No inline code or style: the policy forbids both.
  assert.doesNotMatch(html, /<style| style=|<script(?![^>]*src=)| on\w+=/);
  for (const path of ['/sandbox', ...files, '/sandbox/row.js', '/sandbox/controls.js']) {
    const { status, headers } = await send(path);
    assert.equal(status, 200, path);
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'self'; /);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('access-control-allow-origin'), null);
  }
  assert.equal((await send('/sandbox', { method: 'POST' })).status, 405);
});

test('shows the steps of a login as they happen, without secrets', async () => {
  const reader = watch();
  assert.equal((await reader.response()).headers['content-type'], 'text/event-stream');
  const shopper = new Shopper(sandbox, PAGE);
  const { body, codeVerifier } = await shopper.begin({ flowType: 'code' });
  const state = body.authenticationRequestId;
  const addresses = await shopper.navigate(body.authenticationUrl);
  const code = new URL(addresses.at(-1) ?? '').searchParams.get('code') ?? '';
  const exchanged = await shopper.exchange(body, code, codeVerifier);
  const { access_token: accessToken } = /** @type {{ access_token: string }} */ (await exchanged.json());
  assert.equal((await shopper.exchange(body, code, codeVerifier)).status, 400);
  assert.equal((await send(`/login?${new URLSearchParams({ state, code: 'x' })}`)).status, 400);
  const verifier = new URLSearchParams({ state: 's', redirect_uri: 'https://evil.test' });
  assert.equal((await send(`/sandbox/verifier/v1/login?${verifier}`)).status, 400);
  assert.equal((await send('/api/session', { method: 'DELETE' })).status, 204);

  const entries = await reader.requests(8);
  assert.deepEqual(
    entries.map(({ step, flow, status, code }) => [step, flow, status, code]),
    [
      ['login begun', 'login 1', 200, null],
      ['verifier', 'login 1', 302, null],
      ['code verified', 'login 1', 302, null],
      ['code exchanged', 'login 1', 200, null],
      ['exchange refused', 'login 1', 400, 'invalid_request'],
      ['code refused', 'login 1', 400, 'AuthenticationRequestUsed'],
      ['verifier refused', null, 400, 'RedirectUriNotAllowed'],
      ['session ended', null, 204, null],
    ],
  );
  assert.deepEqual(
    entries.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.match(entries[5].title, /already completed/);
  assert.equal(entries[3].path, '/api/authentication/…/tokens');
  assert.ok(
    entries.every(({ time, durationMs }) => Math.abs(Date.parse(time) - Date.now()) < 60_000 && durationMs >= 0),
  );
  const statement = new URL(addresses[1]).searchParams.get('code') ?? '';
  assert.match(statement, /^eyJ/);
  for (const secret of [state, code, codeVerifier, accessToken, statement])
    assert.ok(secret && !reader.text.includes(secret), 'a secret is shown');
});

test('a page gets what it lacks, also after it was not shown', async () => {
  for (let count = 0; count < 3; count += 1) await send('/settings');
  const first = watch();
  await first.requests(3);
  assert.equal(first.events[0].event, 'reset');
  const { id } = first.events[2];
  first.close();
  await send('/logout');
  for (const [reader, numbers] of /** @type {const} */ ([
    [watch(`?after=${id}`), [3, 4]],
    [watch('', { 'last-event-id': id }), [3, 4]],
    // Of an earlier sandbox at this address.
    [watch('?after=earlier-2'), [1, 2, 3, 4]],
    [watch('?after=-1'), [1, 2, 3, 4]],
  ])) {
    const entries = await reader.requests(numbers.length);
    assert.deepEqual(
      entries.map(({ number }) => number),
      numbers,
    );
  }
});

test('the newest 500 are kept, and none after they were cleared', async () => {
  for (let count = 0; count < 510; count += 1) await send('/settings');
  const reader = watch();
  const entries = await reader.requests(500);
  assert.deepEqual([entries.length, entries[0].number, entries.at(-1)?.number], [500, 11, 510]);
  assert.equal((await send('/sandbox/requests', { method: 'DELETE' })).status, 204);
  await send('/logout');
  assert.equal((await reader.requests(501)).at(-1)?.number, 511);
  assert.equal(reader.events.at(-2)?.event, 'reset');
  const [only] = await watch().requests(1);
  assert.equal(only.number, 511);
});

test('the page can change the sandbox, and other pages cannot', async () => {
  const fault = JSON.stringify({ faults: [{ path: '/sandbox/verifier', status: 429 }] });
  /** @type {(path: string, headers: Record<string, string>, body: string) => Promise<number>} */
  const post = async (path, headers, body) => (await send(path, { method: 'POST', headers, body })).status;
  assert.equal(await post('/sandbox/faults', SAME_ORIGIN(), fault), 200);
  // The built-in verifier fails as the rest does.
  assert.deepEqual(
    [(await send('/sandbox/verifier/v1/login')).status, (await send('/sandbox/verifier/v1/login')).status],
    [429, 400],
  );
  assert.equal(await post('/sandbox/requests/dialect', SAME_ORIGIN(), '"strict"'), 204);
  const dialect = async () =>
    /** @type {{ noSession: number }} */ (await (await send('/sandbox/dialect')).json()).noSession;
  assert.equal(await dialect(), 400);
  assert.equal(await post('/sandbox/requests/dialect', SAME_ORIGIN(), '"lax"'), 400);
  assert.equal(await post('/sandbox/requests/dialect', SAME_ORIGIN(), '{'), 400);

  const json = { 'content-type': 'application/json' };
  for (const headers of [
    { ...json, origin: 'http://localhost:5173', 'sec-fetch-site': 'cross-site' },
    { ...json, origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' },
  ]) {
    assert.equal(await post('/sandbox/faults', headers, fault), 403);
    assert.equal(await post('/sandbox/requests/dialect', headers, '"default"'), 403);
    assert.equal((await send('/sandbox/requests', { method: 'DELETE', headers })).status, 403);
    assert.equal((await send('/sandbox/requests', { headers })).status, 403);
  }
  assert.equal(await post('/sandbox/clock', { ...json, origin: sandbox.url }, '{"advanceSeconds":1}'), 403);
  assert.equal(await dialect(), 400);
  const entries = await watch().requests(3);
  assert.ok(entries.some(({ step }) => step === 'change of the sandbox'));
});

test('another host name and too many streams are refused', async () => {
  for (const path of ['/sandbox', '/sandbox/requests', '/sandbox/verifier/v1/login'])
    assert.match(await raw(`GET ${path} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 421 /);
  const responses = await Promise.all(Array.from({ length: 21 }, () => watch().response()));
  const statuses = responses.map(({ statusCode }) => statusCode).sort();
  assert.deepEqual([statuses[0], statuses[19], statuses[20]], [200, 200, 503]);
});

test('every target gets a response', async () => {
  for (const target of ['*', '//', 'http://[', '/%', '/?a=%&b=%ff', '/\u00e9', '/login?state=a&state=b'])
    assert.match(
      await raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1.1 [24]\d\d /,
      target,
    );
  const origin = 'GET /settings HTTP/1.1\r\nHost: localhost\r\nOrigin: http://\u00e9\r\nConnection: close\r\n\r\n';
  assert.match(await raw(origin), /^HTTP\/1.1 200 /);
});

test('a delayed, a dropped and a failed response are shown as what they are', async () => {
  const faults = [
    { path: '/settings', delayMs: 200 },
    { path: '/settings', drop: true },
    { path: '/settings', status: 503, body: '{"errorCode":"Down","title":"Later."}' },
  ];
  const headers = { 'content-type': 'application/json' };
  await send('/sandbox/faults', { method: 'POST', headers, body: JSON.stringify({ faults }) });
  await send('/settings');
  await assert.rejects(send('/settings'), TypeError);
  await send('/settings');
  const [, late, dropped, failed] = await watch().requests(4);
  assert.ok(late.durationMs >= 200, String(late.durationMs));
  assert.ok(dropped.isDropped && !late.isDropped && !failed.isDropped);
  assert.deepEqual([failed.status, failed.code, failed.title], [503, 'Down', 'Later.']);
});

/**
 * The response to the text of a request.
 * @param {string} request
 * @returns {Promise<string>}
 */
function raw(request) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1', () => socket.write(request, 'latin1'));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', () => resolve(text));
  });
}
