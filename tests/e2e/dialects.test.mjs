// What a server may do in another way than the sandbox's default dialect: one switch, or one combination of them, for each
// story. The stories of shoppers run in the whole strict dialect besides.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** @import { Cast } from './support/story.mjs' */

/** The provider's account of an earlier customer. */
const CUSTOMER = 'an old customer';
/** A connection of the sandbox that does not allow links, and that the shop does not offer by itself. */
const UNLINKABLE = { connectionId: 'con_cedar', name: 'Cedar Mail' };
const RENEWAL = 'PATCH /api/session';
const MINUTE_MS = 60_000;

describe('a link that Authress refuses', () => {
  const story = stories('localhost');

  /**
   * An anonymous shopper with a mug, and a customer with a teapot.
   * @param {Cast} cast
   */
  const shopperBesideCustomer = async ({ shop, visitor }) => {
    const { shop: owner } = await visitor();
    await owner.open();
    await owner.signIn('con_acorn', CUSTOMER);
    await shop.open();
    await shop.addAnonymously('mug');
    return await shop.claims();
  };

  story('on a page of its own leaves the shopper as before', async (cast) => {
    const { shop, authress, stack } = cast;
    const before = await shopperBesideCustomer(cast);
    await authress.setDialect({ refusedLink: 'noCallback' });
    await shop.goToProvider('con_acorn');
    await shop.find('user-other').fill(CUSTOMER);
    await shop.press('continue');
    await shop.page.getByText('IdentityAlreadyOwned').waitFor();
    assert.equal(new URL(await shop.page.url()).origin, stack.sandboxUrl);
    await shop.open();
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.signIn('con_birch', 'a new customer');
    await shop.showsMessage('Linked');
  });

  story('at once, because the connection does not allow links, offers to sign in instead', async (cast) => {
    const { shop, authress, page: tab } = cast;
    await authress.setDialect({ linksByDefault: false, refusedLink: 'noCallback' });
    await tab.route('**/config.json', async (route) => {
      const response = await route.fetch();
      const config = await response.json();
      await route.fulfill({ response, json: { ...config, connections: [...config.connections, UNLINKABLE] } });
    });
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.press('sign-in');
    await shop.press(`provider-${UNLINKABLE.connectionId}`);
    assert.match(await shop.showsMessage('LinkFailed'), /already have an account with cedar mail/i);
    assert.deepEqual(await shop.claims(), before);
    await shop.showsCart({ mug: 1 });

    const page = new BarePage(await cast.newTab());
    await page.open();
    const { error } = await page.call('linkIdentity', { connectionId: UNLINKABLE.connectionId });
    assert.deepEqual([error.code, error.serverCode], ['RequestRefused', 'ConnectionLinkingDisabled']);
  });
});

describe('a login', () => {
  const story = stories('localhost');

  story('above the limit is refused, and works later', async ({ shop, authress }) => {
    await authress.setDialect({ loginLimit: 0 });
    await shop.open();
    await shop.add('mug');
    await shop.showsMessage('RequestRefused');
    assert.equal(await shop.shownState(), 'signed-out');
    await authress.setDialect({ loginLimit: null });
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
  });

  story('leaves no session token in an address', async ({ shop, authress, context, stack }) => {
    await authress.setDialect({ sessionTokenOnLocalhost: true });
    await shop.open();
    await shop.addAnonymously('mug');
    await shop.hasCleanAddresses();
    const cookies = await context.cookies(stack.sandboxUrl);
    const sessionId = cookies.find(({ name }) => name === 'authress-session')?.value;
    assert.ok(sessionId);
    const stored = await shop.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!stored.includes(sessionId), 'the session is in no storage that scripts can read');
  });

  story('with an invite, a tenant or an audience that is not there is refused', async ({ shop, authress }) => {
    await authress.setDialect({
      checksInvites: true,
      checksAudiences: true,
      unknownTenant: 'invalidIdentifier',
      invalidInput: 'unprocessableContent',
    });
    const page = new BarePage(shop);
    await page.open();
    const connectionId = 'con_acorn';
    for (const [options, status, serverCode] of /** @type {const} */ ([
      [{ connectionId, inviteId: 'inv_unknown' }, 404, 'InviteNotFound'],
      [{ connectionId, audiences: ['unknown'] }, 422, 'InvalidAudience'],
      [{ tenantLookupIdentifier: 'unknown' }, 422, 'InvalidTenantIdentifier'],
    ])) {
      const { error } = await page.call('authenticate', options);
      assert.deepEqual([error.code, error.status, error.serverCode], ['RequestRefused', status, serverCode]);
    }
  });

  story('of a service client can be linked by one-time code', async ({ shop, authress, stack, page: tab }) => {
    await authress.setDialect({ linksServiceClients: true, clientIdForVerifiers: false });
    const page = new BarePage(shop);
    await page.open();
    await page.visitProvider('authenticate', 'con_acorn', () => page.pick('passwordless'));
    await page.hasStatus('signed-in');
    const { userId } = (await page.snapshot()).userIdentity;
    const options = { connectionId: stack.shopperConnectionId, redirectUrl: '/?linked' };
    const { value } = await page.call('linkIdentityWithOneTimeCode', options);
    await tab.goto(value.authenticationUrl, { referer: stack.shopUrl });
    await page.hasReturnedTo('/?linked');
    assert.equal((await page.call('getLinkResult')).value.status, 'linked');
    assert.equal((await page.snapshot()).userIdentity.userId, userId);
    const { linkedIdentities } = (await page.call('getUserProfile')).value;
    assert.ok(linkedIdentities.some((/** @type {any} */ one) => one.connection.connectionId === options.connectionId));
  });

  // The last one here: the sandbox's clock is ahead of the verifier's afterwards.
  story('that took too long is named Expired', async ({ shop, authress }) => {
    await authress.setDialect({ namesExpired: true, callbackErrors: 'withoutCode' });
    await shop.open();
    await shop.goToProvider('con_acorn');
    await authress.advanceClock(301);
    await shop.pick('late');
    assert.match(await shop.showsMessage('Expired'), /took too long/i);
    await shop.hasCleanAddresses();
  });
});

describe('a session in cookies', () => {
  const story = stories('https');

  for (const [connectionId, form] of /** @type {const} */ ([
    ['con_acorn', 'lean'],
    ['con_birch', 'JSON'],
  ])) {
    story(`is one of a customer whose identity is ${form}`, async ({ shop, authress, context, stack }) => {
      await authress.setDialect({ identityCookie: 'lean', largeIdentityCookie: 'json', renewal: 'cookies' });
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      await shop.signIn(connectionId, 'frugal');
      await shop.showsMessage('Linked');
      await shop.showsState('signed-in');
      await shop.reload();
      await shop.showsState('signed-in');
      await shop.loseSession();
      await authress.clearLog();
      await shop.reload();
      await shop.showsState('signed-in');
      await shop.showsCart({ mug: 1 });
      assert.equal((await shop.claims()).sub, sub);
      assert.deepEqual(await authress.requests(), [RENEWAL], 'the tokens came in cookies');
      const cookies = await context.cookies(stack.shopUrl);
      assert.ok(!cookies.some(({ name }) => name === 'user'), 'the identity is in storage');
    });
  }

  for (const status of [400, 401, 403, 409]) {
    story(`is not there if a renewal has the status ${status}`, async ({ shop, authress }) => {
      await authress.setDialect({ noSession: status });
      await authress.clearLog();
      const page = new BarePage(shop, { recordsEvents: true });
      await page.open();
      await page.hasEvents('ready');
      await page.hasStatus('signed-out');
      assert.deepEqual(await authress.requests(), [RENEWAL], 'the request is not repeated');
    });
  }

  story(
    'keeps its access token from scripts if the application is set so',
    async ({ shop, authress, context, stack }) => {
      await authress.setDialect({ enableAccessToToken: false, renewal: 'cookies' });
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.hasStatus('anonymous');
      assert.deepEqual(await page.call('getToken'), { value: null });
      const cookies = await context.cookies(stack.shopUrl);
      assert.equal(cookies.find(({ name }) => name === 'authorization')?.httpOnly, true);
      await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick('hidden token'));
      assert.equal((await page.call('getLinkResult')).value.status, 'linked');
    },
  );
});

for (const seconds of [60, 5]) {
  describe(`a session whose tokens last ${seconds} seconds`, () => {
    const story = stories('https');

    story(`is kept by renewals, without a loop (${seconds} seconds)`, async (cast) => {
      const { shop, authress, context } = cast;
      await authress.setDialect({ tokenLifetimeSeconds: seconds, renewal: 'cookies' });
      await context.clock.install();
      const page = new BarePage(shop, { recordsEvents: true });
      await page.open();
      await page.startAnonymous();
      await page.hasStatus('anonymous');
      const { userId } = (await page.snapshot()).userIdentity;
      await authress.clearLog();
      const renewals = async () => (await authress.requests()).filter((request) => request === RENEWAL).length;
      for (let passedMs = 0; passedMs < MINUTE_MS; passedMs += 1000) {
        await authress.advanceClock(1);
        await context.clock.runFor(1000);
      }
      await until(async () => (await renewals()) > 0, true, 'the session is renewed');
      const count = await renewals();
      assert.ok(count <= (2 * MINUTE_MS) / 1000 / seconds, `${count} renewals in a minute`);
      const { status, userIdentity } = await page.snapshot();
      assert.deepEqual([status, userIdentity?.userId], ['anonymous', userId]);
      assert.ok(!(await page.eventTypes()).includes('signed-out'));
    });
  });
}

for (const topology of /** @type {const} */ (['https', 'cross-site'])) {
  describe(`an issuer that is another host of the account, ${topology}`, () => {
    const story = stories(topology);

    for (const [switched, issuer] of /** @type {const} */ ([
      ['below', 'https://tenant.login.shop.test'],
      ['above', 'https://shop.test'],
    ])) {
      story(
        `${switched} the configured one: the shopper has identity and token`,
        async ({ shop, authress, page: tab }) => {
          await authress.setDialect({ issuer: switched });
          const page = new BarePage(shop);
          await page.open();
          await page.startAnonymous();
          await page.hasStatus('anonymous');
          const claims = await authress.verifySignature((await page.call('getToken')).value, { issuer });
          assert.equal((await page.snapshot()).userIdentity.userId, claims.sub);
          await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(`${switched} ${topology}`));
          assert.equal((await page.call('getLinkResult')).value.status, 'linked');
          assert.equal(new URL(await tab.url()).search, '?back', 'the address is clean');
          await tab.reload();
          await page.isReady();
          const later = await authress.verifySignature((await page.call('getToken')).value, { issuer });
          assert.deepEqual([later.sub, later.azp], [claims.sub, 'con_acorn']);
        },
      );
    }
  });
}
