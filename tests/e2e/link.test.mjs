// Linking: an anonymous shopper signs in and becomes a customer with the same user id and the same cart.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { FIRST_VISIT } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

describe('an anonymous shopper who signs in', () => {
  const story = stories('localhost');

  story('keeps the user id and the cart', async ({ shop, authress }) => {
    await shop.open('/?page=2');
    await shop.addAnonymously('mug');
    await shop.add('vase');
    await shop.showsCart({ mug: 1, vase: 1 });
    const anonymous = await shop.claims();
    await authress.clearLog();

    await shop.signIn('con_acorn', 'keeps@people.example');
    const text = await shop.showsMessage('Linked');
    assert.match(text, /your cart came with you/i);
    await shop.showsState('signed-in');
    assert.match(await shop.find('shopper-state').innerText(), /keeps@people\.example/);
    await shop.showsCart({ mug: 1, vase: 1 });
    const customer = await shop.claims();
    assert.equal(customer.sub, anonymous.sub);
    assert.equal(customer.azp, 'con_acorn');
    assert.notEqual(customer.jti, anonymous.jti, 'it is a new token');
    assert.equal(new URL(await shop.page.url()).search, '?page=2');
    await shop.hasCleanAddresses();
    assert.deepEqual(await authress.requests(), [
      'POST /api/authentication',
      ...FIRST_VISIT,
      'GET /sandbox/provider/con_acorn',
      'POST /sandbox/provider/con_acorn',
      'GET /login',
    ]);
    await shop.add('mug');
    await shop.showsCart({ mug: 2, vase: 1 });
  });

  story('signs out, signs in again and has the same user id', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('plate');
    const { sub } = await shop.claims();
    await shop.signIn('con_birch', 'again');
    await shop.showsMessage('Linked');
    await shop.signOut();
    await shop.showsCart({});
    assert.equal(await shop.token(), null);

    await shop.signIn('con_birch', 'again');
    await shop.showsMessage('SignedIn');
    await shop.showsState('signed-in');
    await shop.showsCart({ plate: 1 });
    const claims = await shop.claims();
    assert.equal(claims.sub, sub);
    assert.equal(claims.azp, 'con_birch');
  });

  story('finds the cart on another device', async ({ shop, visitor }) => {
    await shop.open();
    await shop.addAnonymously('planter');
    await shop.signIn('con_acorn', 'two-devices');
    await shop.showsMessage('Linked');
    const { sub } = await shop.claims();

    const other = (await visitor()).shop;
    await other.open();
    await other.signIn('con_acorn', 'two-devices');
    await other.showsMessage('SignedIn');
    await other.showsCart({ planter: 1 });
    assert.equal((await other.claims()).sub, sub);
  });

  story('stays signed in after a reload', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('bowl');
    await shop.signIn('con_acorn', 'stays');
    await shop.showsMessage('Linked');
    const before = await shop.claims();
    await authress.clearLog();
    await shop.reload();
    await shop.showsState('signed-in');
    await shop.showsCart({ bowl: 1 });
    assert.deepEqual(await shop.claims(), before);
    assert.deepEqual(await authress.log(), []);
  });

  story('gets the result from getLinkResult, once', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    assert.equal((await page.call('getLinkResult')).value, null);
    await page.startAnonymous();
    assert.equal((await page.call('getLinkResult')).value, null, 'a login is not a link');
    const { sub } = await authress.verify((await page.call('getToken')).value);

    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('result'));
    const linked = { status: 'linked', connectionId: 'con_birch', userId: sub };
    assert.deepEqual((await page.call('getLinkResult')).value, linked);
    assert.deepEqual((await page.call('getLinkResult')).value, linked, 'it stays for the same page load');
    assert.equal((await page.call('getUserIdentity')).value.email, 'result@people.example');
    await page.page.reload();
    await page.isReady();
    assert.equal((await page.call('getLinkResult')).value, null);
  });

  story('is not anonymous any more', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    // From the module; from the stored session before the module is loaded; and from the access token if the identity has no
    // connection.
    const isAnonymous = async () => {
      const { userIdentity } = await page.snapshot();
      assert.equal((await page.call('getUserIdentity')).value.isAnonymous, userIdentity.isAnonymous);
      return userIdentity.isAnonymous;
    };
    assert.equal(await isAnonymous(), true);
    await page.page.reload();
    await page.isReady();
    assert.equal(await isAnonymous(), true);
    await page.page.evaluate(() => {
      const record = JSON.parse(localStorage.AuthenticationCredentialsStorage);
      const [header, payload, signature] = record.idToken.split('.');
      const { azp, ...lean } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
      const text = btoa(JSON.stringify(lean)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      localStorage.setItem(
        'AuthenticationCredentialsStorage',
        JSON.stringify({ ...record, idToken: [header, text, signature].join('.') }),
      );
      window.connection = azp;
    });
    assert.match(await page.page.evaluate(() => window.connection), /^sc_/);
    await page.page.reload();
    await page.isReady();
    assert.equal(await isAnonymous(), true);
    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('no-guest'));
    assert.equal((await page.call('getLinkResult')).value.status, 'linked');
    assert.equal(await isAnonymous(), false);
  });

  story('signs in with the call as the guide prints it', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    // The guide has a member that no version of the client reads.
    await page.leave('linkIdentity', { linkIdentity: true, connectionId: 'con_acorn' });
    await shop.isAtProvider('con_acorn');
    await page.pick('literal');
    await page.hasReturnedTo('/?started');
    const linked = { status: 'linked', connectionId: 'con_acorn', userId: sub };
    assert.deepEqual((await page.call('getLinkResult')).value, linked);
  });

  story('can have two identities', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { sub } = await authress.verify((await page.call('getToken')).value);
    await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick('two'));
    await page.call('getLinkResult');
    await page.visitProvider('linkIdentity', 'con_birch', () => page.pick('zwei'));
    assert.equal((await page.call('getLinkResult')).value.status, 'linked');
    for (const [connectionId, person] of [
      ['con_acorn', 'two'],
      ['con_birch', 'zwei'],
    ]) {
      await page.logOut();
      assert.equal((await page.call('userSessionExists')).value, false);
      await page.visitProvider('authenticate', connectionId, () => page.pick(person));
      const claims = await authress.verify((await page.call('getToken')).value);
      assert.deepEqual([claims.sub, claims.azp], [sub, connectionId]);
    }
  });

  story('without a user id signs in as a customer', async ({ shop }) => {
    await shop.open();
    await shop.signIn('con_acorn', 'newcomer');
    await shop.showsMessage('SignedIn');
    await shop.showsState('signed-in');
    assert.equal((await shop.claims()).azp, 'con_acorn');
    await shop.add('mug');
    await shop.showsCart({ mug: 1 });
  });
});
