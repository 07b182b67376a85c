// Snapshots of the session, and events for every change of it, from which applications render.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { TOPOLOGIES, eachOf } from './support/stack.mjs';
import { EXPIRED, cancelled, refusedLink } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

/** @import { Cast } from './support/story.mjs' */

/**
 * Opens two tabs that record events, and becomes an anonymous shopper in the first.
 * @param {Pick<Cast, 'shop' | 'newTab'>} cast
 */
async function twoTabs({ shop, newTab }) {
  const other = new BarePage(await newTab(), { recordsEvents: true });
  await other.open();
  await other.hasEvents('ready');
  const page = new BarePage(shop, { recordsEvents: true });
  await shop.page.bringToFront();
  await page.open();
  await page.hasEvents('ready');
  assert.deepEqual(await page.snapshot(), { status: 'signed-out', userIdentity: null });
  await page.startAnonymous();
  await page.hasEvents('ready', 'login-completed');
  await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed');
  return /** @type {const} */ ([page, other]);
}

/**
 * The result in the event of a callback without a new session, which comes besides `ready`.
 * @param {BarePage} page
 * @param {string} type of the event
 */
async function resultOf(page, type) {
  await page.hasEventsInSomeOrder('ready', type);
  return (await page.events()).find((event) => event.type === type)?.result;
}

for (const topology of eachOf(TOPOLOGIES)) {
  describe(`events, ${topology}`, () => {
    const story = stories(topology);

    story(`follow a login in the order of the state, here and in other tabs (${topology})`, async (cast) => {
      const [page, other] = await twoTabs(cast);
      const { sub } = await cast.authress.verify((await page.call('getToken')).value);
      const result = { status: 'signed-in', connectionId: cast.stack.shopperConnectionId, userId: sub };
      const completed = { type: 'login-completed', result, status: 'anonymous' };
      assert.deepEqual(await page.events(), [{ type: 'ready', status: 'anonymous' }, completed]);
      assert.deepEqual(await other.events(), [
        { type: 'ready', status: 'signed-out' },
        { type: 'signed-in', status: 'anonymous' },
        completed,
      ]);
      for (const tab of [page, other]) assert.equal((await tab.snapshot()).userIdentity.userId, sub);
      assert.deepEqual((await page.call('getLoginResult')).value, result);
      assert.equal((await other.call('getLoginResult')).value, null, 'the other tab had no callback');
    });
  });
}

describe('events of callbacks', () => {
  const story = stories('https');

  story('have the results of a link and of a refused link', async (cast) => {
    const { visitor } = cast;
    const { shop: ownersShop } = await visitor();
    const owner = new BarePage(ownersShop);
    await owner.open();
    await owner.visitProvider('authenticate', 'con_birch', () => owner.pick('owner'));

    const [page, other] = await twoTabs(cast);
    const userId = (await page.snapshot()).userIdentity.userId;
    await cast.page.bringToFront();
    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('owner'));
    const refused = refusedLink({ connectionId: 'con_birch', userId });
    assert.deepEqual(await resultOf(page, 'link-refused'), refused);
    await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed', 'link-refused');
    assert.deepEqual((await other.events())[3].result, refused);

    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick('linked'));
    const linked = { status: 'linked', connectionId: 'con_acorn', userId };
    await page.hasEvents('ready', 'link-completed');
    assert.deepEqual((await page.events())[1], { type: 'link-completed', result: linked, status: 'signed-in' });
    await other.hasEventsInSomeOrder(
      'ready',
      'signed-in',
      'login-completed',
      'link-refused',
      'token-renewed',
      'link-completed',
    );
    assert.equal((await other.snapshot()).userIdentity.userId, userId);
    assert.equal((await other.snapshot()).userIdentity.email, 'linked@people.example');
  });

  story('have the result of a login and of a link that were cancelled', async (cast) => {
    const page = new BarePage(cast.shop, { recordsEvents: true });
    await page.open();
    await page.visitProvider('authenticate', 'con_acorn', () => cast.shop.press('cancel'));
    const login = cancelled({ connectionId: 'con_acorn' });
    assert.deepEqual(await resultOf(page, 'login-cancelled'), login);
    await page.hasStatus('signed-out');
    assert.deepEqual((await page.call('getLoginResult')).value, login);

    const [first, other] = await twoTabs({ ...cast, shop: await cast.newTab() });
    const userId = (await first.snapshot()).userIdentity.userId;
    await first.visitProvider('linkIdentity', 'con_acorn', () => first.shop.press('cancel'));
    const link = cancelled({ connectionId: 'con_acorn', userId });
    assert.deepEqual(await resultOf(first, 'link-cancelled'), link);
    await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed', 'link-cancelled');
  });

  // The last one here: the sandbox's clock is ahead of the shop's afterwards.
  story('follow another user’s login, a refused login, and a logout', async (cast) => {
    const { authress, shop } = cast;
    const [page, other] = await twoTabs(cast);
    const anonymousId = (await page.snapshot()).userIdentity.userId;
    await shop.page.bringToFront();
    await page.visitProvider('authenticate', 'con_acorn', () => page.pick('another'));
    await page.hasEvents('ready', 'login-completed');
    const before = ['ready', 'signed-in', 'login-completed'];
    await other.hasEventsInSomeOrder(...before, 'signed-in', 'login-completed');
    const { userId } = (await other.snapshot()).userIdentity;
    assert.notEqual(userId, anonymousId);

    await page.leave('authenticate', { connectionId: 'con_birch', redirectUrl: '/?late' });
    await shop.isAtProvider('con_birch');
    await authress.advanceClock(301);
    await page.pick('late');
    await page.hasReturnedTo('/?late');
    const refused = { status: 'failed', connectionId: 'con_birch', serverCode: EXPIRED };
    assert.deepEqual(await resultOf(page, 'login-refused'), refused);
    assert.equal((await page.snapshot()).userIdentity.userId, userId);

    await page.logOut();
    await page.hasEvents('ready');
    assert.equal((await page.snapshot()).status, 'signed-out');
    await other.hasEventsInSomeOrder(...before, 'signed-in', 'login-completed', 'login-refused', 'signed-out');
  });
});

describe('listeners', () => {
  const story = stories('localhost');

  story('of a cancelled link find the session that is still there', async ({ shop }) => {
    const page = new BarePage(shop, { recordsEvents: true });
    await page.open();
    await page.startAnonymous();
    await page.visitProvider('linkIdentity', 'con_acorn', () => shop.press('cancel'));
    await page.hasStatus('anonymous');
    const events = (await page.events()).map(({ type, status }) => [type, status]);
    assert.deepEqual(events, [
      ['ready', 'anonymous'],
      ['link-cancelled', 'anonymous'],
    ]);
  });

  story('find the same frozen snapshot until the state changes', async ({ shop, page: tab }) => {
    const page = new BarePage(shop, { recordsEvents: true });
    await page.open();
    await page.hasEvents('ready');
    const facts = await tab.evaluate(() => {
      const [first, second] = [window.login.getSnapshot(), window.login.getSnapshot()];
      window.kept = first;
      return [first === second, Object.isFrozen(first), first.status];
    });
    assert.deepEqual(facts, [true, true, 'signed-out']);
    await page.call('userSessionExists');
    assert.ok(await tab.evaluate(() => window.kept === window.login.getSnapshot()), 'another check changes nothing');

    await page.startAnonymous();
    await page.hasStatus('anonymous');
    await tab.evaluate(() => {
      window.kept = window.login.getSnapshot();
    });
    await page.call('getToken');
    await page.call('userSessionExists');
    assert.ok(await tab.evaluate(() => window.kept === window.login.getSnapshot()));
    // The browser stays on the page.
    await page.page.route('**/logout?**', (route) => route.fulfill({ status: 204 }));
    await page.call('logout');
    const after = await tab.evaluate(() => [window.kept.status, window.login.getSnapshot().status]);
    assert.deepEqual(after, ['anonymous', 'signed-out'], 'an earlier snapshot does not change');
    await page.hasEvents('ready', 'login-completed', 'signed-out');
  });

  story('start the check of the session, and find its result in the first event', async ({ shop, page: tab }) => {
    // A stored record that only the module can check.
    const setup = "localStorage.setItem('AuthenticationCredentialsStorage', '{');";
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true }, setup });
    await page.open();
    assert.equal((await page.snapshot()).status, 'checking', 'the check has not started');
    const event = await tab.evaluate(
      () =>
        new Promise((resolve) => {
          window.login.subscribe(({ type }) => resolve([type, window.login.getSnapshot().status]));
        }),
    );
    assert.deepEqual(event, ['ready', 'signed-out']);
  });

  story('all get an event although one of them throws', async ({ shop, page: tab }) => {
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true } });
    await page.open();
    const events = await tab.evaluate(async () => {
      /** @type {unknown[]} */
      const received = [];
      const thrown = new Promise((resolve) => {
        window.addEventListener('error', (event) => {
          event.preventDefault();
          resolve(event.error.message);
        });
      });
      window.login.subscribe(() => {
        throw new Error('of the page');
      });
      window.login.subscribe(({ type }) => {
        received.push(type);
      });
      received.push(await thrown, await window.login.userSessionExists());
      return received;
    });
    assert.deepEqual(events, ['ready', 'of the page', false]);
  });

  story('get no events after they have unsubscribed', async ({ shop, newTab, page: tab }) => {
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true }, recordsEvents: true });
    await page.open();
    await page.hasEvents('ready');
    await tab.evaluate(() => {
      window.received = [];
      const twice = () => window.received.push('twice');
      const [first, second] = [window.login.subscribe(twice), window.login.subscribe(twice)];
      const never = window.login.subscribe(() => window.received.push('never'));
      never();
      never();
      first();
      window.stop = second;
      // Unsubscribes during its own call.
      const once = window.login.subscribe(() => {
        window.received.push('once');
        once();
      });
    });
    const other = new BarePage(await newTab());
    await other.open();
    await other.startAnonymous();
    await page.hasEvents('ready', 'signed-in', 'login-completed');
    assert.deepEqual(await tab.evaluate(() => window.received), ['twice', 'once', 'twice']);
    await tab.evaluate(() => window.stop());
    await other.logOut();
    await page.hasEvents('ready', 'signed-in', 'login-completed', 'signed-out');
    assert.deepEqual(await tab.evaluate(() => window.received), ['twice', 'once', 'twice']);
  });
});
