// Benign shoppers who look like an attack: all of this must keep working, so a client that refuses everything fails.

import assert from 'node:assert/strict';

import { Person, newAccount } from './people.mjs';

/**
 * @import { Cast } from '../e2e/support/story.mjs'
 * @import { Topology } from '../e2e/support/stack.mjs'
 */

/**
 * @typedef {object} Control
 * @property {string} id
 * @property {readonly Topology[]} topologies
 * @property {(cast: Cast) => Promise<void>} works fails if it does not
 */

/** @type {readonly Topology[]} */
const EVERYWHERE = ['localhost', 'https', 'cross-site'];

const OWN_QUERY = '/?utm=x%20y&code=SUMMER20&error=sold-out&iss=me&nonce=n1&expires_in=9&bare#top';

/** @type {readonly Control[]} */
export const CONTROLS = [
  {
    id: 'storage is cleared while the session lives: same user id, same cart, and the cart is there after the sign-in',
    topologies: ['https'],
    async works({ shop }) {
      await shop.open();
      await shop.addAnonymously('mug');
      const userId = await shop.shownUserId();
      await shop.loseSession();
      await shop.reload();
      await shop.showsState('anonymous');
      assert.equal(await shop.shownUserId(), userId);
      await shop.showsCart({ mug: 1 });
      await shop.signIn('con_acorn', newAccount());
      await shop.showsState('signed-in');
      await shop.showsCart({ mug: 1 });
    },
  },
  {
    id: 'a customer who is signed in on a sibling application is signed in here',
    topologies: ['https'],
    async works(cast) {
      const elsewhere = await Person.shopper(cast).has('signed in');
      const userId = await elsewhere.userId();
      // This page has never heard of the login: only Authress's cookies are there.
      await elsewhere.page.evaluate(() => localStorage.clear());
      await elsewhere.open('/?sibling');
      assert.equal(await elsewhere.userId(), userId);
      assert.equal((await elsewhere.snapshot()).userIdentity.isAnonymous, false);
    },
  },
  {
    id: 'a record of the published client is followed by a link',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const userId = await shopper.userId();
      await shopper.page.evaluate(() => {
        const key = 'AuthenticationCredentialsStorage';
        const { idToken, expiry, jsCookies } = JSON.parse(localStorage[key]);
        localStorage.setItem(key, JSON.stringify({ idToken, expiry, jsCookies }));
      });
      await shopper.open('/?published');
      await shopper.visitProvider('linkIdentity', 'con_acorn', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
      assert.equal(await shopper.userId(), userId);
    },
  },
  {
    id: 'a page with parameters of its own: `code`, `error`, `nonce`, `iss`',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = Person.shopper(cast);
      await shopper.open(OWN_QUERY);
      const before = await shopper.page.evaluate(() => location.href);
      const { shopperConnectionId: connectionId } = cast.stack;
      await shopper.leaveAndReturn(() => shopper.leave('authenticate', { connectionId }));
      assert.equal((await shopper.call('getLoginResult')).value?.status, 'signed-in');
      assert.equal(await shopper.page.evaluate(() => location.href), before);
    },
  },
  {
    id: 'two tabs: a login in one is a login in both, and a link in the other works',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('no session');
      const tab = new Person(cast, await cast.newTab());
      await tab.open('/?tab');
      await shopper.startAnonymous();
      const userId = await shopper.userId();
      await tab.page.bringToFront();
      await tab.hasStatus('anonymous');
      assert.equal(await tab.userId(), userId);
      await tab.visitProvider('linkIdentity', 'con_acorn', () => tab.pick(tab.account));
      assert.equal((await tab.call('getLinkResult')).value?.status, 'linked');
    },
  },
  {
    id: 'two logins at the same time, in two tabs, of which the first is completed',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('no session');
      const tab = new Person(cast, await cast.newTab());
      await tab.open('/?tab');
      await shopper.leave('authenticate', { connectionId: 'con_acorn', redirectUrl: '/?back' });
      await shopper.shop.isAtProvider('con_acorn');
      await tab.leave('authenticate', { connectionId: 'con_birch', redirectUrl: '/?back' });
      await tab.shop.isAtProvider('con_birch');
      await shopper.page.bringToFront();
      await shopper.pick(shopper.account);
      await shopper.hasReturnedTo('/?back');
      assert.equal((await shopper.call('getLoginResult')).value?.status, 'signed-in');
    },
  },
  {
    id: 'Back from the provider, and again',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const userId = await shopper.userId();
      await shopper.leave('linkIdentity', { connectionId: 'con_acorn', redirectUrl: '/?back' });
      await shopper.shop.isAtProvider('con_acorn');
      await shopper.shop.goBack();
      await shopper.isReady();
      await shopper.visitProvider('linkIdentity', 'con_birch', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
      assert.equal(await shopper.userId(), userId);
    },
  },
  {
    id: 'a cancelled link keeps the session',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const userId = await shopper.userId();
      await shopper.visitProvider('linkIdentity', 'con_acorn', () => shopper.shop.press('cancel'));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'cancelled');
      assert.equal(await shopper.userId(), userId);
    },
  },
  {
    id: 'a slow callback',
    topologies: ['cross-site'],
    async works(cast) {
      const shopper = await Person.shopper(cast).has('no session');
      await cast.authress.delay('POST', '/api/authentication/', 3000);
      await shopper.startAnonymous();
      assert.notEqual(await shopper.userId(), null);
    },
  },
  {
    id: 'a shopper who takes minutes at the provider',
    topologies: ['localhost'],
    async works(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      await shopper.leave('linkIdentity', { connectionId: 'con_acorn', redirectUrl: '/?back' });
      await shopper.shop.isAtProvider('con_acorn');
      await shopper.page.reload();
      await shopper.pick(shopper.account);
      await shopper.hasReturnedTo('/?back');
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
    },
  },
  {
    id: 'a browser that refuses the page’s cookies',
    topologies: ['localhost', 'cross-site'],
    async works(cast) {
      const shopper = Person.shopper(cast, {
        setup: `Object.defineProperty(document, 'cookie', { get: () => '', set: () => {} });`,
      });
      await shopper.open('/?refuses');
      await shopper.startAnonymous();
      const userId = await shopper.userId();
      assert.notEqual(userId, null);
      await shopper.page.reload();
      await shopper.isReady();
      assert.equal(await shopper.userId(), userId);
      await shopper.visitProvider('linkIdentity', 'con_acorn', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
    },
  },
  {
    id: 'a session that is renewed is linked',
    topologies: ['https'],
    async works(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const userId = await shopper.userId();
      // The tokens are gone, as after a day; the record and Authress's session are not.
      for (const name of ['authorization', 'user']) await cast.context.clearCookies({ name });
      await shopper.open('/?renewed');
      assert.equal(await shopper.userId(), userId);
      assert.notEqual(await shopper.token(), undefined);
      await shopper.visitProvider('linkIdentity', 'con_acorn', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
      assert.equal(await shopper.userId(), userId);
    },
  },
  {
    id: 'a customer links a second identity, signs out and signs in with it',
    topologies: EVERYWHERE,
    async works(cast) {
      const shopper = await Person.shopper(cast).has('signed in');
      const userId = await shopper.userId();
      await shopper.visitProvider('linkIdentity', 'con_birch', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
      await shopper.logOut();
      await shopper.visitProvider('authenticate', 'con_birch', () => shopper.pick(shopper.account));
      assert.equal(await shopper.userId(), userId);
    },
  },
  {
    id: 'a link whose code is exchanged before Authress attaches it',
    topologies: EVERYWHERE,
    async works(cast) {
      await cast.authress.setDialect({ attachesLinksAfterExchange: true });
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const userId = await shopper.userId();
      await shopper.visitProvider('linkIdentity', 'con_acorn', () => shopper.pick(shopper.account));
      assert.equal((await shopper.call('getLinkResult')).value?.status, 'linked');
      assert.equal(await shopper.userId(), userId);
      assert.equal(await shopper.identities(), 2);
    },
  },
];
