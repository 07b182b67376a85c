// Writes anti-abuse.json by running the published client: node tests/vectors/make-anti-abuse.mjs
import { webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

Object.assign(globalThis, { window: { crypto: webcrypto } });
// @ts-expect-error The published client has types of its entry only.
const { default: jwtManager } = await import('../node_modules/@authress/login/src/jwtManager.js');

const calls = [
  {
    call: 'authenticate',
    connectionId: 'sc_shop',
    tenantLookupIdentifier: undefined,
    inviteId: undefined,
    applicationId: 'app_default',
    audiences: undefined,
  },
  {
    call: 'authenticate',
    connectionId: 'con_a',
    tenantLookupIdentifier: 'tenant',
    inviteId: 'inv_1',
    applicationId: 'app_shop',
    audiences: ['https://api.example.com', 'b'],
  },
  {
    call: 'authenticate',
    connectionId: '',
    tenantLookupIdentifier: undefined,
    inviteId: null,
    applicationId: 'app_shop',
    audiences: [],
  },
  {
    call: 'authenticate',
    connectionId: 'größe-☃',
    tenantLookupIdentifier: undefined,
    inviteId: undefined,
    applicationId: 'app_'.padEnd(120, 'x'),
    audiences: undefined,
  },
  { call: 'linkIdentity', connectionId: 'con_a', tenantLookupIdentifier: undefined, applicationId: 'app_shop' },
  { call: 'linkIdentity', connectionId: undefined, tenantLookupIdentifier: 'tenant', applicationId: 'app_shop' },
  {
    call: 'updateExtensionAuthenticationRequest',
    connectionId: 'con_a',
    tenantLookupIdentifier: undefined,
    authenticationRequestId: 'req-1',
  },
  {
    call: 'updateExtensionAuthenticationRequest',
    connectionId: undefined,
    tenantLookupIdentifier: 'tenant',
    authenticationRequestId: 'req-1',
  },
  { call: 'tokenExchange', client_id: 'app_shop', authenticationRequestId: 'req-1', code: 'a|b;c' },
];

const vectors = [];
for (const { call, ...values } of calls) {
  const hash = await jwtManager.calculateAntiAbuseHash(values);
  vectors.push({ call, values, hash });
}
await writeFile(new URL('anti-abuse.json', import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
