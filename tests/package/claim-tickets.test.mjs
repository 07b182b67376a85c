// Claim tickets in JavaScript, by the vectors that crates/access-token reads too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { SignJWT, decodeJwt, decodeProtectedHeader, importPKCS8 } from 'jose';

import { Issuer, codeOf, createClaimTickets, createShopperVerifier, memoryStore } from './server-entry.mjs';

const vectors = JSON.parse(readFileSync(new URL('../vectors/claim-tickets.json', import.meta.url), 'utf8'));
const { origin, key, now } = vectors;
const [anonymous, customer] = [{ userId: 'user_a' }, { userId: 'user_b' }];

/**
 * Tickets of the vectors' shop, at a time in seconds since 1970.
 * @param {Partial<import('authress-login-wasm/server').ClaimTicketsSettings>} [changes]
 */
const ticketsAt = (time = now, changes = {}) =>
  createClaimTickets({ origin, key, store: memoryStore(), now: () => time * 1_000, ...changes });

describe('a claim ticket', () => {
  for (const { by, ticket } of vectors.tickets) {
    test(`of ${by} is redeemed for the user it is of`, async () => {
      assert.equal(await ticketsAt(now + 30).redeem(ticket, customer), 'user_a');
    });
  }

  test('has the form that crates/access-token gives it', async () => {
    const ticket = await ticketsAt().issue(anonymous);
    const reference = vectors.tickets[0].ticket;
    assert.deepEqual(decodeProtectedHeader(ticket), decodeProtectedHeader(reference));
    assert.equal(ticket.split('.')[0], reference.split('.')[0], 'in the same order');
    const [{ jti, ...claims }, { jti: other, ...expected }] = [decodeJwt(ticket), decodeJwt(reference)];
    assert.deepEqual([JSON.stringify(claims), String(jti).length], [JSON.stringify(expected), String(other).length]);
  });

  for (const { name, claims, typ, otherKey, time, redeemedBy, error } of vectors.cases) {
    test(`${name}: ${error ?? 'redeemed'}`, async () => {
      const all = Object.entries({ ...vectors.claims, ...claims }).map(([member, value]) => [
        member,
        value ?? undefined,
      ]);
      const pem = (/** @type {string} */ base64) => `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----`;
      const signingKey = await importPKCS8(pem(otherKey ?? key.privateKey), 'EdDSA');
      const ticket = await new SignJWT(Object.fromEntries(all))
        .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: typ ?? 'cart-claim+jwt' })
        .sign(signingKey);
      const redeemed = ticketsAt(time ?? now).redeem(ticket, { userId: redeemedBy ?? 'user_b' });
      assert.equal(await codeOf(redeemed), error);
    });
  }

  test('is redeemed once, by the first shopper who tries', async () => {
    const tickets = ticketsAt();
    const ticket = await tickets.issue(anonymous);
    const results = await Promise.all(
      ['user_b', 'user_b', 'user_c'].map((userId) => codeOf(tickets.redeem(ticket, { userId }))),
    );
    assert.deepEqual(results.sort(), ['TicketAlreadyUsed', 'TicketAlreadyUsed', null]);
  });

  test('is not spent by the owner of the cart', async () => {
    const tickets = ticketsAt();
    const ticket = await tickets.issue(anonymous);
    assert.equal(await codeOf(tickets.redeem(ticket, anonymous)), 'TicketSameUser');
    assert.equal(await tickets.redeem(ticket, customer), 'user_a');
  });

  test('differs from the others of its second', async () => {
    const tickets = ticketsAt();
    const all = await Promise.all(Array.from({ length: 20 }, () => tickets.issue(anonymous)));
    for (const ticket of all) assert.equal(await tickets.redeem(ticket, customer), 'user_a');
  });

  test('is no access token, and an access token is no ticket', async (t) => {
    const issuer = await Issuer.start(t);
    const verifier = createShopperVerifier(issuer.settings);
    assert.equal(await codeOf(verifier.verify(await ticketsAt().issue(anonymous))), 'TokenOtherIssuer');
    assert.equal(await codeOf(ticketsAt().redeem(await issuer.token(), customer)), 'TicketForged');
  });

  test('is forged if it is anything else', async () => {
    const good = await ticketsAt().issue(anonymous);
    for (const wrong of [undefined, null, 5, {}, '', 'x', good.slice(0, -4), `${good.slice(0, -4)}AAAA`, `${good}.e30`])
      assert.equal(await codeOf(ticketsAt().redeem(wrong, customer)), 'TicketForged', String(wrong));
  });

  test('needs a shopper', async () => {
    for (const wrong of [undefined, null, {}, { userId: '' }, { userId: 5 }, 'user_a']) {
      await assert.rejects(ticketsAt().issue(/** @type {any} */ (wrong)), TypeError);
      await assert.rejects(ticketsAt().redeem('x', /** @type {any} */ (wrong)), TypeError);
    }
  });
});

describe('the store of redeemed tickets', () => {
  test('that is unreachable, or says neither true nor false, lets no ticket be redeemed', async () => {
    const cause = new Error('unreachable');
    for (const spend of [
      async () => {
        throw cause;
      },
      async () => 'OK',
      async () => null,
      async () => 1,
    ]) {
      const tickets = ticketsAt(now, { store: { spend: /** @type {any} */ (spend) } });
      const error = await tickets.redeem(await tickets.issue(anonymous), customer).catch((thrown) => thrown);
      assert.deepEqual([error.code, error.status, error.headers['retry-after']], ['TicketUnavailable', 503, '3']);
    }
  });

  test('learns until when any clock of the shop accepts the ticket', async () => {
    /** @type {[string, number][]} */
    const spent = [];
    const store = {
      /** @type {(id: string, expiresAt: number) => Promise<boolean>} */
      spend: async (id, expiresAt) => spent.push([id, expiresAt]) > 0,
    };
    await ticketsAt(now + 20, { store }).redeem(vectors.tickets[0].ticket, customer);
    assert.deepEqual(spent, [[decodeJwt(vectors.tickets[0].ticket).jti, (now + 600 + 10) * 1_000]]);
  });

  test('in memory refuses while it is full, and forgets what has expired', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_000 });
    const store = memoryStore({ capacity: 2 });
    assert.deepEqual([await store.spend('a', 5_000), await store.spend('b', 9_000)], [true, true]);
    assert.deepEqual([await store.spend('a', 5_000), await store.spend('b', 9_000)], [false, false]);
    await assert.rejects(store.spend('c', 9_000), /full/);
    t.mock.timers.setTime(5_000);
    assert.deepEqual([await store.spend('c', 9_000), await store.spend('b', 9_000)], [true, false]);
    await assert.rejects(store.spend('d', 9_000), /full/);
  });
});
