// Walks through the whole demo once, on a phone, against running servers, and prints the duration of each step.
//
//   node tests/e2e/walk.mjs '<what `cargo xtask stack --json` prints>'

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';

import { Authress } from './support/authress.mjs';
import { launch } from './support/browser.mjs';
import { PATIENCE_MS } from './support/limits.mjs';
import { askForLink, confirmAddress, openLink, signInForCart } from './support/mailed-cart.mjs';
import { Shop } from './support/shop.mjs';
import { writeSmall } from './support/small-png.mjs';
import { workspace } from './support/stack.mjs';

/** @import { StackDescription } from './support/stack.mjs' */

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const PICTURES = `${workspace}target/demo`;
const CONNECTION = 'con_acorn';
/**
 * The steps, and the names of their pictures in docs/walk.md and the README.
 * @type {Record<string, string>}
 */
const SHOWN = {
  'open the shop': 'open',
  'add to the cart without an account': 'anonymous',
  'come back to the same cart': 'return',
  'go to a provider to sign in': 'provider',
  'return as a customer with the same cart': 'customer',
  'sign out': 'signed-out',
  'sign in again to the same cart': 'again',
  'have a link to the cart mailed': 'mailed',
  'open the link on another device': 'waiting',
  'sign in there with the same user id': 'opened',
  'take a cart to an account that exists': 'moved',
};

/** A walk, with its current step. */
class Walk {
  step = 'start the browser';
  #count = 0;
  /** @type {Shop | undefined} */
  #shop;
  #newDevice;

  /**
   * @param {StackDescription} stack
   * @param {() => Promise<import('playwright-core').Page>} newDevice opens a page of a browser that knows nothing
   */
  constructor(stack, newDevice) {
    this.stack = stack;
    this.#newDevice = newDevice;
  }

  /** Goes on on another device. */
  async changeDevice() {
    this.#shop = new Shop(await this.#newDevice(), this.stack, new Authress(this.stack));
  }

  get shop() {
    assert.ok(this.#shop, 'there is a device');
    return this.#shop;
  }

  /**
   * @param {string} step
   * @param {(shop: Shop) => Promise<unknown>} work
   */
  async take(step, work) {
    this.step = step;
    this.#count += 1;
    const start = performance.now();
    await work(this.shop);
    const time = `${Math.round(performance.now() - start)} ms`;
    console.log(`${String(this.#count).padStart(3)}  ${step.padEnd(44)}${time.padStart(9)}`);
    const path = `${PICTURES}/${this.#count}-${step.replaceAll(/\W+/g, '-')}.png`;
    await this.shop.page.screenshot({ path, animations: 'disabled' });
    // On demand: machines differ in their fonts.
    if (process.env.WRITE_DOCS) writeSmall(path, `${workspace}docs/phone/${SHOWN[step]}.png`);
  }
}

/**
 * @param {Walk} walk
 * @param {StackDescription} stack
 */
async function takeAllSteps(walk, stack) {
  /** @type {import('./support/authress.mjs').Claims | undefined} */
  let anonymous;
  /** @type {(shop: Shop, connectionId: string) => Promise<void>} */
  const isSameShopper = async (shop, connectionId) => {
    const claims = await shop.claims();
    assert.equal(claims.sub, anonymous?.sub, 'the user id has changed');
    assert.equal(claims.azp, connectionId, 'the token is of another connection');
  };
  await walk.take('open the shop', async (shop) => {
    await shop.open();
    assert.equal(await shop.shownState(), 'signed-out', 'the shopper has a user id already');
  });
  await walk.take('add to the cart without an account', async (shop) => {
    await shop.addAnonymously('mug');
    await shop.showsCart({ mug: 1 });
    anonymous = await shop.claims();
    assert.match(anonymous.sub, /^user_/, 'the user id is not from the verifier');
    assert.equal(anonymous.azp, stack.shopperConnectionId, 'the token is of another connection');
    await shop.hasCleanAddresses();
  });
  await walk.take('come back to the same cart', async (shop) => {
    shop.toSandbox.length = 0;
    await shop.reload();
    await shop.showsState('anonymous');
    await shop.showsCart({ mug: 1 });
    assert.deepEqual(await shop.claims(), anonymous, 'the token is another one');
    assert.equal(shop.toSandbox.length, 0, 'a request to Authress was needed');
  });
  await walk.take('go to a provider to sign in', (shop) => shop.goToProvider(CONNECTION));
  await walk.take('return as a customer with the same cart', async (shop) => {
    await shop.pick('walker');
    await shop.showsMessage('Linked');
    await shop.showsState('signed-in');
    await shop.showsCart({ mug: 1 });
    await isSameShopper(shop, CONNECTION);
    await shop.hasCleanAddresses();
  });
  await walk.take('sign out', async (shop) => {
    await shop.signOut();
    await shop.showsCart({});
    assert.equal(await shop.token(), null, 'a token is left');
  });
  await walk.take('sign in again to the same cart', async (shop) => {
    await shop.signIn(CONNECTION, 'walker');
    await shop.showsMessage('SignedIn');
    await shop.showsState('signed-in');
    await shop.showsCart({ mug: 1 });
    await isSameShopper(shop, CONNECTION);
  });
  console.log(`     one user id all the way: ${anonymous?.sub}`);
}

/**
 * The cart of another shopper on two devices, and a cart that joins the first shopper's.
 * @param {Walk} walk
 */
async function takeStepsOnOtherDevices(walk) {
  let link = '';
  let userId = '';
  await walk.changeDevice();
  await walk.take('have a link to the cart mailed', async (shop) => {
    await shop.open();
    await shop.addAnonymously('teapot');
    userId = (await shop.claims()).sub;
    link = await confirmAddress(shop, await askForLink(shop, 'ada@example.com'));
  });
  await walk.changeDevice();
  await walk.take('open the link on another device', async (shop) => {
    await openLink(shop, link);
    assert.equal(await shop.shownState(), 'signed-out', 'this device knows the shopper already');
    assert.ok(!String(await shop.page.url()).includes('#'), 'the link’s secrets are left in the address');
  });
  await walk.take('sign in there with the same user id', async (shop) => {
    await signInForCart(shop, 'ada');
    await shop.showsMessage('CartOpened');
    await shop.showsCart({ teapot: 1 });
    assert.equal((await shop.claims()).sub, userId, 'the user id has changed');
  });
  await walk.changeDevice();
  await walk.take('take a cart to an account that exists', async (shop) => {
    await shop.open();
    await shop.addAnonymously('bowl');
    await shop.signIn(CONNECTION, 'walker');
    await shop.showsRefusedLink('Acorn ID');
    await shop.press('take-cart-along');
    await shop.isAtProvider(CONNECTION);
    await shop.pick('walker');
    await shop.showsMessage('CartMoved');
    await shop.showsCart({ mug: 1, bowl: 1 });
  });
  console.log(`     and one on two devices: ${userId}`);
}

/** @param {string} text */
async function main(text) {
  let stack;
  try {
    stack = JSON.parse(text);
  } catch (cause) {
    throw new Error('pass the servers as JSON, as `cargo xtask stack --json` prints them', { cause });
  }
  mkdirSync(PICTURES, { recursive: true });
  const browser = await launch(stack);
  try {
    const walk = new Walk(stack, async () => {
      const context = await browser.newContext(PHONE);
      context.setDefaultTimeout(PATIENCE_MS);
      return await context.newPage();
    });
    await walk.changeDevice();
    try {
      await takeAllSteps(walk, stack);
      await takeStepsOnOtherDevices(walk);
    } catch (cause) {
      await walk.shop.page.screenshot({ path: `${PICTURES}/failed.png` }).catch(() => {});
      const [reason] = String(cause.message).split('\n');
      throw new Error(`the step "${walk.step}" failed: ${reason}; see target/demo/failed.png`, { cause });
    }
    console.log('     pictures of every step: target/demo');
  } finally {
    await browser.close();
  }
}

main(process.argv[2]).catch((failure) => {
  console.error(`walk: ${failure.message}`);
  process.exitCode = 1;
});
