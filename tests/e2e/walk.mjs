// Walks the whole flow once, on a phone-sized screen, and prints each step with its time:
// node tests/e2e/walk.mjs '<the line that `cargo xtask stack --json` prints>'

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';

import { Authress } from './support/authress.mjs';
import { launch } from './support/browser.mjs';
import { Shop } from './support/shop.mjs';
import { workspace } from './support/stack.mjs';

const PICTURES = `${workspace}target/demo`;

const stack = JSON.parse(process.argv[2]);
const authress = new Authress(stack);
const provider = stack.connections[0].connectionId;
mkdirSync(PICTURES, { recursive: true });

const browser = await launch(stack);
let steps = 0;
try {
  const page = await browser.newPage({ viewport: { width: 360, height: 740 }, hasTouch: true });
  page.setDefaultTimeout(15_000);
  const shop = new Shop(page, { stack, authress });
  let anonymous;

  await step('open the shop', () => shop.open());
  await step('add to the cart: the verifier gives an anonymous user id', async () => {
    await shop.addAnonymously('mug');
    anonymous = await shop.claims();
    assert.match(anonymous.sub, /^user_[0-9a-z]{26}$/);
    assert.equal(anonymous.azp, stack.shopperConnectionId);
  });
  await step('come back: the session is there, without a request', async () => {
    await authress.clearLog();
    await shop.reload();
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await authress.requests(), []);
  });
  await step('go to an identity provider', () => shop.goToProvider(provider));
  await step('sign in: the same user id, the same cart', async () => {
    await shop.pick('walker@people.example');
    await shop.showsMessage('Linked');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, anonymous.sub);
  });
  await step('sign out', () => shop.signOut());
  await step('sign in again: still the same user id and cart', async () => {
    await shop.signIn(provider, 'walker@people.example');
    await shop.showsMessage('SignedIn');
    await shop.showsCart({ mug: 1 });
    assert.equal((await shop.claims()).sub, anonymous.sub);
    await shop.hasCleanAddresses();
  });
  console.log(`  user id ${anonymous.sub}; pictures of each step are in target/demo`);

  async function step(name, walk) {
    const start = performance.now();
    await walk();
    steps += 1;
    console.log(`  ${steps}  ${name.padEnd(62)} ${Math.round(performance.now() - start).toString().padStart(6)} ms`);
    await page.screenshot({ path: `${PICTURES}/${steps}-${name.replace(/[^a-z]+/gi, '-').slice(0, 30)}.png` });
  }
} catch (failure) {
  console.error(`  step ${steps + 1} failed: ${failure.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
