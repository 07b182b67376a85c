// What a user interface goes by: a snapshot of the session, and events for every change of it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

/** Two tabs that listen, in the first of which somebody has become an anonymous shopper. */
async function twoTabs({ shop, newTab }) {
  const other = new BarePage(await newTab(), { listens: true });
  await other.open();
  await other.hasEvents('ready');
  const page = new BarePage(shop, { listens: true });
  await shop.page.bringToFront();
  await page.open();
  await page.hasEvents('ready');
  assert.deepEqual(await page.snapshot(), { status: 'signed-out', userIdentity: null });
  await page.startAnonymous();
  await page.hasEvents('ready', 'login-completed');
  await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed');
  return [page, other];
}

/** The result that a return which brought no session has told, besides that it is known who is here. */
async function resultOf(page, type) {
  await page.hasEventsInSomeOrder('ready', type);
  return (await page.toldEvents()).find((event) => event.type === type).result;
}

for (const topology of ['localhost', 'https', 'cross-site']) {
  describe(`events, ${topology}`, () => {
    const story = stories(topology);

    story(`tell of a login in the order of what they show, here and in other tabs (${topology})`, async (cast) => {
      const [page, other] = await twoTabs(cast);
      const { sub } = await cast.authress.verify((await page.call('getToken')).value);
      const result = { status: 'signed-in', connectionId: cast.stack.shopperConnectionId, userId: sub };
      const completed = { type: 'login-completed', result, status: 'signed-in' };
      assert.deepEqual(await page.toldEvents(), [{ type: 'ready', status: 'signed-in' }, completed]);
      assert.deepEqual(await other.toldEvents(), [
        { type: 'ready', status: 'signed-out' },
        { type: 'signed-in', status: 'signed-in' },
        completed,
      ]);
      for (const tab of [page, other]) assert.equal((await tab.snapshot()).userIdentity.userId, sub);
      assert.deepEqual((await page.call('getLoginResult')).value, result);
      assert.equal((await other.call('getLoginResult')).value, null, 'the other tab has not returned from anywhere');
    });
  });
}

describe('events of returns', () => {
  const story = stories('https');

  story('tell of a link and a refused one', async (cast) => {
    const { visitor } = cast;
    const { shop: ownersShop } = await visitor();
    const owner = new BarePage(ownersShop);
    await owner.open();
    await owner.visitProvider('authenticate', 'con_birch', () => owner.pick('owner'));

    const [page, other] = await twoTabs(cast);
    const userId = (await page.snapshot()).userIdentity.userId;
    await cast.page.bringToFront();
    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('owner'));
    const refused = { status: 'already-owned', connectionId: 'con_birch', userId, serverCode: 'IdentityAlreadyOwned' };
    assert.deepEqual(await resultOf(page, 'link-refused'), refused);
    await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed', 'link-refused');
    assert.deepEqual((await other.toldEvents())[3].result, refused);

    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick('linked'));
    const linked = { status: 'linked', connectionId: 'con_acorn', userId };
    await page.hasEvents('ready', 'link-completed');
    assert.deepEqual((await page.toldEvents())[1], { type: 'link-completed', result: linked, status: 'signed-in' });
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

  story('tell that somebody has turned back', async (cast) => {
    const page = new BarePage(cast.shop, { listens: true });
    await page.open();
    await page.visitProvider('authenticate', 'con_acorn', () => cast.shop.press('cancel'));
    const cancelled = { status: 'cancelled', connectionId: 'con_acorn', serverCode: 'UserCancelled' };
    assert.deepEqual(await resultOf(page, 'login-cancelled'), cancelled);
    await page.hasStatus('signed-out');
    assert.deepEqual((await page.call('getLoginResult')).value, cancelled);

    const [first, other] = await twoTabs({ ...cast, shop: await cast.newTab() });
    const userId = (await first.snapshot()).userIdentity.userId;
    await first.visitProvider('linkIdentity', 'con_acorn', () => first.shop.press('cancel'));
    const link = { status: 'cancelled', connectionId: 'con_acorn', userId, serverCode: 'UserCancelled' };
    assert.deepEqual(await resultOf(first, 'link-cancelled'), link);
    await other.hasEventsInSomeOrder('ready', 'signed-in', 'login-completed', 'link-cancelled');
  });

  // The last one here: the sandbox's clock is ahead of the shop's afterwards.
  story('tell of whoever takes the place of another, of a refused login and of the end', async (cast) => {
    const { authress, shop } = cast;
    const [page, other] = await twoTabs(cast);
    const before = (await page.snapshot()).userIdentity.userId;
    await shop.page.bringToFront();
    await page.visitProvider('authenticate', 'con_acorn', () => page.pick('another'));
    await page.hasEvents('ready', 'login-completed');
    const begun = ['ready', 'signed-in', 'login-completed'];
    await other.hasEventsInSomeOrder(...begun, 'signed-in', 'login-completed');
    const { userId } = (await other.snapshot()).userIdentity;
    assert.notEqual(userId, before);

    await page.leave('authenticate', { connectionId: 'con_birch', redirectUrl: '/?late' });
    await shop.isAtProvider('con_birch');
    await authress.advanceClock(301);
    await page.pick('late');
    await page.returnsTo('/?late');
    const refused = { status: 'failed', connectionId: 'con_birch', serverCode: 'AuthenticationRequestExpired' };
    assert.deepEqual(await resultOf(page, 'login-refused'), refused);
    assert.equal((await page.snapshot()).userIdentity.userId, userId);

    await page.logOut();
    await page.hasEvents('ready');
    assert.equal((await page.snapshot()).status, 'signed-out');
    await other.hasEventsInSomeOrder(...begun, 'signed-in', 'login-completed', 'login-refused', 'signed-out');
  });
});

describe('listeners', () => {
  const story = stories('localhost');

  story('who are told that a link was refused find out who is still here', async ({ shop }) => {
    const page = new BarePage(shop, { listens: true });
    await page.open();
    await page.startAnonymous();
    await page.visitProvider('linkIdentity', 'con_acorn', () => shop.press('cancel'));
    await page.hasStatus('signed-in');
    const told = (await page.toldEvents()).map(({ type, status }) => [type, status]);
    assert.deepEqual(told, [
      ['ready', 'signed-in'],
      ['link-cancelled', 'signed-in'],
    ]);
  });

  story('find the same frozen snapshot until something has changed', async ({ shop, page: tab }) => {
    const page = new BarePage(shop, { listens: true });
    await page.open();
    await page.hasEvents('ready');
    const seen = await tab.evaluate(() => {
      const [first, second] = [window.login.getSnapshot(), window.login.getSnapshot()];
      window.kept = first;
      return [first === second, Object.isFrozen(first), first.status];
    });
    assert.deepEqual(seen, [true, true, 'signed-out']);
    await page.call('userSessionExists');
    assert.ok(await tab.evaluate(() => window.kept === window.login.getSnapshot()), 'another look changes nothing');

    await page.startAnonymous();
    await page.hasStatus('signed-in');
    await tab.evaluate(() => {
      window.kept = window.login.getSnapshot();
    });
    await page.call('getToken');
    await page.call('userSessionExists');
    assert.ok(await tab.evaluate(() => window.kept === window.login.getSnapshot()));
    // The page stays to see it.
    await page.page.route('**/logout?**', (route) => route.fulfill({ status: 204 }));
    await page.call('logout');
    const after = await tab.evaluate(() => [window.kept.status, window.login.getSnapshot().status]);
    assert.deepEqual(after, ['signed-in', 'signed-out'], 'what was shown before does not change afterwards');
    await page.hasEvents('ready', 'login-completed', 'signed-out');
  });

  story('may look for a session by themselves, which is known before they are told', async ({ shop, page: tab }) => {
    // A record that only the module can judge.
    const first = "localStorage.setItem('AuthenticationCredentialsStorage', '{');";
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true }, first });
    await page.open();
    assert.equal((await page.snapshot()).status, 'checking', 'no method has asked yet');
    const told = await tab.evaluate(
      () =>
        new Promise((resolve) => {
          window.login.subscribe(({ type }) => resolve([type, window.login.getSnapshot().status]));
        }),
    );
    assert.deepEqual(told, ['ready', 'signed-out']);
  });

  story('are all told when one of them throws', async ({ shop, page: tab }) => {
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true } });
    await page.open();
    const heard = await tab.evaluate(async () => {
      const heard = [];
      const thrown = new Promise((resolve) => {
        window.addEventListener('error', (event) => {
          event.preventDefault();
          resolve(event.error.message);
        });
      });
      window.login.subscribe(() => {
        throw new Error('of the page');
      });
      window.login.subscribe(({ type }) => heard.push(type));
      heard.push(await thrown, await window.login.userSessionExists());
      return heard;
    });
    assert.deepEqual(heard, ['ready', 'of the page', false]);
  });

  story('hear nothing any more once they have ended it', async ({ shop, newTab, page: tab }) => {
    const page = new BarePage(shop, { settings: { skipBackgroundCredentialsCheck: true }, listens: true });
    await page.open();
    await page.hasEvents('ready');
    await tab.evaluate(() => {
      window.heard = [];
      const twice = () => window.heard.push('twice');
      const [first, second] = [window.login.subscribe(twice), window.login.subscribe(twice)];
      const never = window.login.subscribe(() => window.heard.push('never'));
      never();
      never();
      first();
      window.stop = second;
      // Ends itself while it is being told.
      const once = window.login.subscribe(() => {
        window.heard.push('once');
        once();
      });
    });
    const other = new BarePage(await newTab());
    await other.open();
    await other.startAnonymous();
    await page.hasEvents('ready', 'signed-in', 'login-completed');
    assert.deepEqual(await tab.evaluate(() => window.heard), ['twice', 'once', 'twice']);
    await tab.evaluate(() => window.stop());
    await other.logOut();
    await page.hasEvents('ready', 'signed-in', 'login-completed', 'signed-out');
    assert.deepEqual(await tab.evaluate(() => window.heard), ['twice', 'once', 'twice']);
  });
});
