// Shop and login on one https site: the session is in cookies that Authress sets.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';

describe('a shop on the site of its login', () => {
  const story = stories('https');

  story(
    'an anonymous shopper gets cookies that are sent over https only',
    async ({ shop, authress, context, stack }) => {
      await shop.open();
      assert.equal(await shop.shownState(), 'signed-out');
      await authress.clearLog();
      await shop.addAnonymously('mug');
      await shop.showsCart({ mug: 1 });
      const claims = await shop.claims();
      assert.equal(claims.iss, 'https://login.shop.test');
      assert.match(claims.sub, /^user_/);
      assert.equal(claims.azp, stack.shopperConnectionId);
      await shop.hasCleanAddresses();
      assert.deepEqual(await authress.requests(), ['POST /api/authentication', 'GET /login'], 'no code to exchange');

      const cookies = await context.cookies([stack.shopUrl, stack.sandboxUrl]);
      assert.ok(cookies.length > 0);
      for (const { name, secure, sameSite } of cookies) {
        assert.ok(secure, `${name} is Secure`);
        assert.equal(sameSite, 'Strict', `${name} is SameSite=Strict`);
      }
      const session = cookies.find(({ name }) => name === 'authress-session');
      assert.equal(session?.httpOnly, true, 'scripts cannot read the session');
      assert.equal(session?.domain, '.shop.test');
      assert.ok(!cookies.some(({ name }) => name === 'user'), 'the identity is in storage');
    },
  );

  story('a reload sends no request', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('vase');
    const before = await shop.claims();
    await authress.clearLog();
    shop.toSandbox.length = 0;
    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ vase: 1 });
    assert.deepEqual(await shop.claims(), before);
    assert.deepEqual(await authress.log(), []);
    assert.equal(shop.toSandbox.length, 0);
  });

  story('Authress restores a session that the page has lost', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('bowl');
    const before = await shop.claims();
    await shop.loseSession();
    await authress.clearLog();

    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ bowl: 1 });
    const restored = await shop.claims();
    assert.equal(restored.sub, before.sub);
    assert.notEqual(restored.jti, before.jti, 'it is a new token');
    assert.deepEqual(await authress.requests(), ['PATCH /api/session']);
  });

  story('a session is restored after Authress has failed', async ({ shop, authress }) => {
    await shop.open();
    await shop.addAnonymously('bowl');
    const { sub } = await shop.claims();
    await shop.loseSession();
    await authress.fail('PATCH', '/api/session', { times: 50 });
    await shop.reload();
    assert.equal(await shop.shownState(), 'signed-out');
    assert.ok((await authress.failuresLeft()) < 50, 'Authress got a request');
    await authress.stopFailing();

    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ bowl: 1 });
    assert.equal((await shop.claims()).sub, sub);
  });

  story(
    'a customer keeps user id and cart, also after signing out and in',
    async ({ shop, authress, context, stack }) => {
      await shop.open();
      await shop.addAnonymously('plate');
      const { sub } = await shop.claims();
      await shop.signIn('con_acorn', 'https customer');
      await shop.showsMessage('Linked');
      await shop.showsState('signed-in');
      await shop.showsCart({ plate: 1 });
      const linked = await shop.claims();
      assert.deepEqual([linked.sub, linked.azp], [sub, 'con_acorn']);
      await shop.hasCleanAddresses();

      await authress.clearLog();
      await shop.signOut();
      assert.ok((await authress.requests()).includes('DELETE /api/session'));
      assert.deepEqual(await context.cookies([stack.shopUrl, stack.sandboxUrl]), [], 'no cookie is left');
      await authress.clearLog();
      await shop.reload();
      assert.equal(await shop.shownState(), 'signed-out');
      assert.deepEqual(await authress.requests(), ['PATCH /api/session'], 'Authress has no session');

      await shop.signIn('con_acorn', 'https customer');
      await shop.showsMessage('SignedIn');
      await shop.showsCart({ plate: 1 });
      assert.equal((await shop.claims()).sub, sub);
    },
  );

  story('a refused link does not end the anonymous session', async ({ shop, visitor }) => {
    const { shop: owner } = await visitor();
    await owner.open();
    await owner.signIn('con_birch', 'https owner');
    await owner.showsMessage('SignedIn');

    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.signIn('con_birch', 'https owner');
    await shop.showsRefusedLink('Birch Accounts');
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), before);
    await shop.add('mug');
    await shop.showsCart({ mug: 2 });
  });

  story('a cancelled link does not end the anonymous session', async ({ shop }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const before = await shop.claims();
    await shop.goToProvider('con_acorn');
    await shop.cancel();
    await shop.showsMessage('UserCancelled');
    assert.deepEqual(await shop.claims(), before);
    await shop.showsCart({ mug: 1 });
  });
});
