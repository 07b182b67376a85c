// The human check: a page of the verifier does a proof of work on the way to Authress.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { stories } from './support/story.mjs';

// The servers of the stack inherit the environment, so the verifier of this file checks every shopper.
process.env.HUMAN_CHECK_KIND = 'proof-of-work';
// A tenth of the default: the page is under test, not the speed of this machine.
process.env.HUMAN_CHECK_COST = '100';

describe('a shop that requires a proof of work', () => {
  const story = stories('localhost');

  story('gives a shopper a user id after a short wait', async ({ shop, authress, page, stack }) => {
    await shop.open();
    await authress.clearLog();
    /** @type {string[]} */
    const exchanges = [];
    page.on('response', (response) => {
      const url = new URL(response.url());
      if (url.origin === stack.verifierUrl)
        exchanges.push(`${response.request().method()} ${url.pathname} ${response.status()}`);
    });
    await shop.addAnonymously('mug');
    assert.deepEqual(exchanges, ['GET /v1/login 200', 'POST /v1/login 200'], 'a page, its proof, and no redirect');
    await shop.showsCart({ mug: 1 });
    assert.match((await shop.claims()).sub, /^user_[a-z0-9]{20,}$/);
    await shop.hasCleanAddresses();
    assert.deepEqual(await authress.requests(), ['POST /api/authentication', 'GET /login']);
  });

  story('leaves no page in the history', async ({ shop, page, stack }) => {
    await shop.open();
    await shop.addAnonymously('mug');
    const { sub } = await shop.claims();
    await page.goBack({ waitUntil: 'commit' });
    assert.ok(!page.url().startsWith(stack.verifierUrl), 'the page of the check is not in the history');
    await shop.open();
    assert.equal((await shop.claims()).sub, sub);
  });

  story('shows a page that fits a phone and explains the wait', async ({ page, context, stack }) => {
    const query = new URLSearchParams({
      state: `looked-at-${Date.now()}`,
      redirect_uri: `${stack.sandboxUrl}/login`,
      client_id: stack.shopperConnectionId,
    });
    // The proof is held back, so that the page stays.
    await context.route(
      (url) => url.origin === stack.verifierUrl,
      (route) => (route.request().method() === 'POST' ? undefined : route.continue()),
    );
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${stack.verifierUrl}/v1/login?${query}`, { waitUntil: 'commit' });
    await page.getByRole('status').filter({ hasText: 'on your way back' }).waitFor();
    assert.equal(await page.getByRole('heading').textContent(), 'One moment');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${width} pixels`);
  });
});
