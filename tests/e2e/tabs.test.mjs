// Several tabs of one browser share a session, and do not disturb each other's logins.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { PATIENCE_MS } from './support/limits.mjs';
import { eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/**
 * Switches to this tab, with the event that browsers dispatch: all tabs count as visible here.
 * @param {import('./support/shop.mjs').Shop} shop
 */
async function switchTo(shop) {
  await shop.page.bringToFront();
  await shop.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
}

// On localhost tokens come with the callback; across sites a code must be exchanged, which needs the code verifier of the
// same login.
for (const topology of eachOf(['localhost', 'cross-site'])) {
  describe(`two tabs, ${topology}`, () => {
    const story = stories(topology);

    story(`of two pending logins the first one to come back counts (${topology})`, async ({ shop, newTab }) => {
      const other = await newTab();
      await shop.open();
      await other.open();
      await shop.goToProvider('con_acorn');
      await other.goToProvider('con_birch');

      await shop.pick('first tab');
      await shop.showsMessage('SignedIn');
      const first = await shop.claims();
      assert.equal(first.azp, 'con_acorn');
      await other.pick('second tab');
      assert.match(await other.showsMessage('LoginOutdated'), /start it again/i);
      assert.equal((await other.claims()).sub, first.sub);
      await other.hasCleanAddresses();

      // The next login counts, in both tabs.
      await other.signOut();
      await other.signIn('con_birch', 'second tab');
      await other.showsMessage('SignedIn');
      const second = await other.claims();
      assert.equal(second.azp, 'con_birch');
      assert.notEqual(second.sub, first.sub);
      await switchTo(shop);
      await shop.showsUser(second.sub);
      assert.equal((await shop.claims()).sub, second.sub);
      await shop.add('mug');
      await shop.showsCart({ mug: 1 });
    });

    story(`two first presses at the same time leave one session (${topology})`, async ({ shop, newTab }) => {
      const other = await newTab();
      await Promise.all([shop.open(), other.open()]);
      // A tab's message about its own cart disappears when the other tab's session replaces it.
      await Promise.all([shop.add('mug'), other.add('vase')]);
      await Promise.all([shop.showsState('anonymous'), other.showsState('anonymous')]);
      await Promise.all([shop.reload(), other.reload()]);
      await shop.showsState('anonymous');
      await other.showsState('anonymous');
      const { sub } = await shop.claims();
      assert.equal((await other.claims()).sub, sub);
      await shop.add('bowl');
      await shop.page.waitForSelector('[data-testid="cart-item-bowl"]');
    });

    story(`a tab opened during a login does not disturb it (${topology})`, async ({ shop, newTab }) => {
      await shop.open();
      await shop.goToProvider('con_acorn');
      const other = await newTab();
      await other.open();
      assert.equal(await other.shownState(), 'signed-out');
      await other.reload();
      await shop.pick(`patient-${topology}`);
      await shop.showsMessage('SignedIn');
      const { sub } = await shop.claims();
      await other.reload();
      await other.showsState('signed-in');
      assert.equal((await other.claims()).sub, sub);
    });

    story(`a tab used during a link keeps the cart, and the link completes (${topology})`, async ({ shop, newTab }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      await shop.goToProvider('con_acorn');
      const other = await newTab();
      await other.open();
      await other.showsState('anonymous');
      await other.add('vase');
      await other.showsCart({ mug: 1, vase: 1 });
      await shop.pick(`linking-${topology}`);
      await shop.showsMessage('Linked');
      await shop.showsCart({ mug: 1, vase: 1 });
      const claims = await shop.claims();
      assert.deepEqual([claims.sub, claims.azp], [sub, 'con_acorn']);
      await switchTo(other);
      await other.showsState('signed-in');
      await other.showsCart({ mug: 1, vase: 1 });
      await other.claims();
    });

    story(`signing out in one tab signs out the other (${topology})`, async ({ shop, newTab }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      const { sub } = await shop.claims();
      const other = await newTab();
      await other.open();
      await other.showsCart({ mug: 1 });

      await shop.signOut();
      await switchTo(other);
      await other.showsState('signed-out');
      await other.showsCart({});
      assert.equal(await other.token(), null);
      await other.addAnonymously('plate');
      assert.notEqual((await other.claims()).sub, sub);
      await other.showsCart({ plate: 1 });
    });

    story(`a call while another tab replaces the session returns the new token (${topology})`, async (cast) => {
      const { shop, context, authress, visitor, stack } = cast;
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      const before = await authress.verify((await page.call('getToken')).value);
      const { shop: otherShop, context: otherContext } = await visitor();
      const other = new BarePage(otherShop);
      await other.open();
      await other.startAnonymous();
      const { value: token } = await other.call('getToken');
      const record = await otherShop.page.evaluate(() => localStorage.AuthenticationCredentialsStorage);

      // Another tab stores its session in two steps, and this one calls between them.
      const cookie = (await otherContext.cookies(stack.shopUrl)).find(({ name }) => name === 'authorization');
      assert.ok(cookie, 'the other profile has an access token');
      await context.addCookies([cookie]);
      // On a busy machine WebKit shows it to an open page later.
      await until(() => page.page.evaluate((value) => document.cookie.includes(value), cookie.value), true);
      const pending = page.call('getToken', { timeoutInMillis: PATIENCE_MS });
      const first = await Promise.race([pending, page.call('ensureToken', { timeoutInMillis: 0 })]);
      assert.equal(first.error?.code, 'TokenTimeout', 'in between there is no token that fits');
      await page.page.evaluate((value) => {
        localStorage.AuthenticationCredentialsStorage = value;
      }, record);
      assert.equal((await pending).value, token);
      assert.notEqual((await authress.verify(token)).sub, before.sub);
    });
  });
}
