// Carts whose owner Authress knows: the shopper claims the cart, and the shop asks who may open it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/** @import { Cast } from './support/story.mjs' */

/**
 * The requests of the shop's server to the management API, users replaced by `{user}`.
 * @param {Cast['authress']} authress
 */
async function managementRequests(authress) {
  const log = await authress.log();
  return log
    .filter(({ path }) => path.startsWith('/v1/'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/user_\w+/g, '{user}')}`);
}

const CLAIM = 'POST /v1/claims';
const ASK = 'GET /v1/users/{user}/resources/carts%2F{user}/permissions/UPDATE';

for (const topology of eachOf(['https', 'localhost'])) {
  describe(`a cart that Authress knows the owner of, ${topology}`, () => {
    const story = stories(topology, { ownership: true });

    story('is claimed with its first item, and stays the shopper’s after the sign-in', async ({ shop, authress }) => {
      await authress.clearLog();
      await shop.open();
      await shop.addAnonymously('mug');
      assert.deepEqual(await managementRequests(authress), [ASK, CLAIM]);
      await shop.add('vase');
      await shop.showsCart({ mug: 1, vase: 1 });
      await shop.signIn('con_acorn', 'owner');
      await shop.showsMessage('Linked');
      await shop.showsCart({ mug: 1, vase: 1 });
      await shop.add('vase');
      await shop.showsCart({ mug: 1, vase: 2 });
      assert.deepEqual(await managementRequests(authress), [ASK, CLAIM], 'what Authress has said counts for a minute');
    });

    story('is claimed once, also if the response is lost', async ({ shop, authress }) => {
      await authress.clearLog();
      await shop.open();
      await authress.drop('POST', '/v1/claims');
      await shop.addAnonymously('mug');
      await shop.showsCart({ mug: 1 });
      const requests = await managementRequests(authress);
      assert.equal(requests.at(-1), ASK, 'the shop asks whose it is');
    });

    const only = /** @type {const} */ ({
      dialect: 'default',
      because: 'lists that lag behind are read again after minutes',
    });
    story(
      'takes its access record along to the account that it joins',
      { only },
      async ({ shop, visitor, authress }) => {
        const earlier = await visitor();
        await earlier.shop.open();
        await earlier.shop.addAnonymously('teapot');
        await earlier.shop.signIn('con_acorn', 'joins');
        await earlier.shop.showsMessage('Linked');

        await shop.open();
        await shop.addAnonymously('mug');
        await shop.signIn('con_acorn', 'joins');
        await shop.showsRefusedLink('Acorn ID');
        await authress.clearLog();
        await shop.press('take-cart-along');
        await shop.isAtProvider('con_acorn');
        await shop.pick('joins');
        await shop.showsMessage('CartMoved');
        await shop.showsCart({ teapot: 1, mug: 1 });
        // After the response to the shopper. The anonymous user is deleted when Authress’s lists are new enough.
        const isReplaced = async () =>
          (await managementRequests(authress)).some((request) => request.startsWith('PUT /v1/records/'));
        for (let tries = 50; !(await isReplaced()); tries -= 1) {
          assert.ok(tries > 0, 'the access record of the cart names the account');
          await shop.page.waitForTimeout(100);
        }
      },
    );

    story('cannot be begun while Authress does not respond, and nothing is lost', async ({ shop, authress }) => {
      await shop.open();
      await shop.addAnonymously('mug');
      await shop.showsCart({ mug: 1 });
      await authress.fail('POST', '/v1/claims', { status: 503, times: 1000 });
      await shop.add('vase');
      await shop.showsCart({ mug: 1, vase: 1 });

      await shop.signOut();
      await shop.add('bowl');
      await shop.showsMessage('OwnershipUnavailable');
      await authress.stopFailing();
      await shop.add('bowl');
      await shop.showsMessage('ItemAdded');
      await shop.showsCart({ bowl: 1 });
    });
  });
}
