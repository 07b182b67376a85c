// Observations of one anonymous login, and of requests with and without its session.

import { Profile } from './profile.mjs';

/**
 * @import { Lab, Exchange, Journey } from './profile.mjs'
 * @import { Observation } from './runner.mjs'
 */

const JSON_HEADERS = { 'content-type': 'application/json' };

/** @type {(token: string | undefined) => Record<string, string>} */
const bearer = (token) => ({ ...JSON_HEADERS, ...(token && { authorization: `Bearer ${token}` }) });

/**
 * The value of a cookie that the journey has set.
 * @param {Journey} journey
 * @param {string} name
 */
function cookieOf({ hops }, name) {
  const texts = hops.flatMap(({ setCookie }) => setCookie).filter((text) => text.startsWith(`${name}=`));
  const value = texts.map((text) => text.slice(name.length + 1).split(';')[0]).find((value) => value !== '');
  return value === undefined ? undefined : decodeURIComponent(value);
}

/** @param {Journey} journey */
const callbackOf = ({ returned }) => new URL(returned ?? 'about:blank').searchParams;

/**
 * Does what a storefront does after an anonymous login, and what only a test does.
 * @param {Lab} lab
 */
async function anonymousLogin(lab) {
  const { channel, config } = lab;
  const profile = await Profile.open(lab);
  try {
    await profile.goto();
    const redirectUrl = new URL(profile.url);
    redirectUrl.searchParams.set('keep', 'this');
    const journey = await profile.travel({ redirectUrl: redirectUrl.href });
    channel.fact('main', journey);
    await proofOfWork(lab, profile);
    if (!journey.returned) throw new Error('the anonymous login did not come back');

    const readableCookies = await profile.readableCookies();
    await profile.reloadWithClient();
    const { value: clientHasSession } = await profile.call('userSessionExists');
    const { value: token, code: clientError } = await profile.call('getToken');
    const callback = callbackOf(journey);
    const accessToken = cookieOf(journey, 'authorization') ?? callback.get('access_token') ?? token ?? null;
    channel.fact('main-session', {
      accessToken,
      identity: cookieOf(journey, 'user') ?? callback.get('id_token'),
      clientHasSession,
      clientError,
      readableCookies,
    });

    const headers = bearer(accessToken);
    channel.fact('profile', await profile.fetch('/api/session/profile', { headers }));
    channel.fact('devices', await profile.fetch('/api/session/devices', { headers }));
    channel.fact(
      'invalid-device',
      await profile.fetch('/api/session/devices', { method: 'POST', headers, body: '{}' }),
    );
    await linkStarts(lab, profile);
    const renewal = await profile.fetch('/api/session', { method: 'PATCH', headers: JSON_HEADERS, body: '{}' });
    channel.fact('renewal', renewal);
    channel.fact('renewal-cookies', renewal.setCookie);
    channel.fact('session-end', await profile.fetch('/api/session', { method: 'DELETE' }));
    channel.fact(
      'renewal-ended',
      await profile.fetch('/api/session', { method: 'PATCH', headers: JSON_HEADERS, body: '{}' }),
    );
    const logout = `/logout?${new URLSearchParams({ redirect_uri: profile.url, client_id: config.applicationId })}`;
    channel.fact('logout', await profile.follow(profile.host + logout, { status: 200, headers: {}, body: '' }));
  } finally {
    await profile.close();
  }
}

/**
 * Sends the body of an accepted start again, and with a wrong proof of work.
 * @param {Lab} lab
 * @param {Profile} profile
 */
async function proofOfWork({ channel }, profile) {
  const body = profile.startedBody;
  const send = (/** @type {string} */ text) =>
    profile.fetch('/api/authentication', { method: 'POST', headers: JSON_HEADERS, body: text });
  channel.fact('proof-twice', await send(body));
  const fields = JSON.parse(body);
  const last = String(fields.antiAbuseHash).endsWith('0') ? '1' : '0';
  fields.antiAbuseHash = String(fields.antiAbuseHash).slice(0, -1) + last;
  channel.fact('proof-wrong', await send(JSON.stringify(fields)));
}

/**
 * Starts links that are not followed.
 * @param {Lab} lab
 * @param {Profile} profile a signed-in one
 */
async function linkStarts({ channel, config }, profile) {
  const starts = [
    ['link-start', config.connectionId, 'needs `connection.id` in the configuration'],
    ['link-off', config.linkingOffId, 'needs `connection.linking_off_id` in the configuration'],
    ['link-service-client', config.serviceClientId, ''],
  ];
  for (const [fact, connectionId, lack] of starts) {
    if (!connectionId) {
      channel.missing([String(fact)], String(lack));
      continue;
    }
    try {
      const link = { method: /** @type {const} */ ('linkIdentity'), request: { connectionId }, startsOnly: true };
      channel.fact(String(fact), await profile.travel(link));
    } catch (error) {
      channel.missing([String(fact)], error.message.split('\n')[0]);
    }
  }
}

/** @param {Lab} lab */
async function withoutSession(lab) {
  const { channel, config } = lab;
  const profile = await Profile.open(lab);
  try {
    await profile.goto({ hasClient: false });
    channel.fact(
      'renewal-none',
      await profile.fetch('/api/session', { method: 'PATCH', headers: JSON_HEADERS, body: '{}' }),
    );
    channel.fact('profile-none', await profile.fetch('/api/session/profile', { headers: JSON_HEADERS }));
    channel.fact(
      'invalid-start',
      await profile.fetch('/api/authentication', { method: 'POST', headers: JSON_HEADERS, body: '{}' }),
    );
    const keys = '/.well-known/openid-configuration/jwks';
    channel.fact('jwks', await profile.fetchOnHost(keys));
    channel.fact('service-client-jwks', await profile.fetchOnHost(`/v1/clients/${config.serviceClientId}${keys}`));
  } finally {
    await profile.close();
  }
}

/** @param {Lab} lab */
async function refusedStarts(lab) {
  const { channel, config } = lab;
  const connectionId = config.serviceClientId;
  const profile = await Profile.open(lab);
  /** @type {[string, Parameters<Profile['travel']>[0]][]} */
  const starts = [
    ['unregistered-redirect', { redirectUrl: 'https://contract-test.invalid/' }],
    ['unregistered-audience', { request: { connectionId, audiences: ['https://contract-test.invalid'] } }],
    ['unknown-tenant', { request: { tenantLookupIdentifier: 'contract-test.invalid' } }],
  ];
  try {
    await profile.goto();
    for (const [fact, start] of starts) channel.fact(fact, await profile.travel({ ...start, startsOnly: true }));
  } finally {
    await profile.close();
  }
}

/** @param {Lab} lab */
async function localhost(lab) {
  const { channel, config } = lab;
  const profile = await Profile.open(lab, { url: config.localhostUrl ?? '' });
  try {
    await profile.goto();
    const journey = await profile.travel();
    channel.fact('localhost', journey);
    const callback = callbackOf(journey);
    const expiresIn = callback.has('expires_in') ? Number(callback.get('expires_in')) : null;
    channel.fact('localhost-session', { accessToken: callback.get('access_token'), expiresIn });
  } finally {
    await profile.close();
  }
}

/** @param {Lab} lab */
async function code(lab) {
  const { channel, config } = lab;
  const profile = await Profile.open(lab);
  try {
    await profile.goto();
    const request = { connectionId: config.serviceClientId, flowType: 'code' };
    channel.fact('code', await profile.travel({ request }));
    const exchange = await exchangeOf(profile, () => profile.reloadWithClient());
    channel.fact('code-exchange', exchange.response);
    const { pathname } = new URL(exchange.url);
    channel.fact(
      'code-exchange-again',
      await profile.fetch(pathname, { method: 'POST', headers: JSON_HEADERS, body: exchange.body }),
    );

    await profile.goto();
    const { start } = await profile.travel({ request, startsOnly: true });
    const url = new URL(profile.url);
    url.searchParams.set('nonce', JSON.parse(start.body).authenticationRequestId);
    url.searchParams.set('iss', profile.host);
    url.searchParams.set('code', 'contract-test-invented-code');
    channel.fact('wrong-code', (await exchangeOf(profile, () => profile.goto({ url: url.href }))).response);
  } finally {
    await profile.close();
  }
}

/** @param {Lab} lab */
async function background(lab) {
  const { channel, config } = lab;
  const profile = await Profile.open(lab);
  try {
    await profile.goto();
    const request = { connectionId: config.serviceClientId, flowType: 'code' };
    const journey = await profile.travel({ request, inBackground: true });
    channel.fact('background', journey);
    channel.fact('background-cookies', await profile.readableCookies());
  } finally {
    await profile.close();
  }
}

/**
 * The login client's code exchange.
 * @param {Profile} profile
 * @param {() => Promise<void>} open shows the callback to the client
 * @returns {Promise<{ url: string, body: string, response: Exchange }>}
 */
async function exchangeOf(profile, open) {
  const exchanged = profile.page.waitForResponse(
    (response) => response.url().endsWith('/tokens') && response.request().method() === 'POST',
    { timeout: 15_000 },
  );
  exchanged.catch(() => {});
  await open();
  await profile.call('userSessionExists');
  const response = await exchanged;
  return {
    url: response.url(),
    body: response.request().postData() ?? '',
    response: { status: response.status(), headers: await response.allHeaders(), body: await response.text() },
  };
}

/** @type {Observation[]} */
export const observations = [
  {
    facts: [
      ...['main', 'main-session', 'profile', 'devices', 'invalid-device', 'link-start', 'link-off'],
      ...['link-service-client', 'renewal', 'renewal-cookies', 'session-end', 'renewal-ended', 'logout'],
      ...['proof-twice', 'proof-wrong'],
    ],
    run: anonymousLogin,
  },
  { facts: ['renewal-none', 'profile-none', 'invalid-start', 'jwks', 'service-client-jwks'], run: withoutSession },
  { facts: ['unregistered-redirect', 'unregistered-audience', 'unknown-tenant'], run: refusedStarts },
  {
    facts: ['localhost', 'localhost-session'],
    run: localhost,
    lack: ({ config }) => (config.localhostUrl ? undefined : 'needs `localhost_url` in the configuration'),
  },
  { facts: ['code', 'code-exchange', 'code-exchange-again', 'wrong-code'], run: code },
  {
    facts: ['background', 'background-cookies'],
    run: background,
    lack: ({ config }) =>
      config.verifier === 'deployed' ? 'the deployed verifier may refuse logins in the background' : undefined,
  },
];
