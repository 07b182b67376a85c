// The storefront as a shopper uses it: one object for each tab.

import assert from 'node:assert/strict';

import { historyOf } from './browser.mjs';

/** Tabs in the background draw no frames, which the driver would wait for otherwise. */
export const POLLING = { polling: 50 };

const byTestId = (id) => `[data-testid="${id}"]`;
/** What a return must not leave in an address, and what belongs in none at all. */
const ANSWER_PARAMETERS = [
  'code',
  'nonce',
  'iss',
  'access_token',
  'id_token',
  'expires_in',
  'error',
  'errorCode',
  'error_description',
];

export class Shop {
  constructor(page, { stack, authress }) {
    this.page = page;
    this.stack = stack;
    this.authress = authress;
    this.toSandbox = [];
    page.on('request', (request) => {
      if (new URL(request.url()).origin === stack.sandboxUrl) this.toSandbox.push(request);
    });
  }

  find(testId) {
    return this.page.locator(byTestId(testId));
  }

  async open(path = '/') {
    await this.page.goto(this.stack.shopUrl + path);
    await this.isReady();
  }

  async reload() {
    await this.page.reload();
    await this.isReady();
  }

  async goBack() {
    // An error page that has just come up cannot be left yet, says the driver.
    const isTooEarly = (error) => /Not attached to an active page/.test(error.message);
    for (let tries = 20; ; tries -= 1) {
      try {
        return await this.page.goBack({ waitUntil: 'commit' });
      } catch (error) {
        if (tries === 0 || !isTooEarly(error)) throw error;
        await this.page.waitForTimeout(100);
      }
    }
  }

  /** Waits until the shop is shown and knows who is shopping. */
  async isReady() {
    // A page from the back/forward cache does not load again.
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl, { waitUntil: 'commit' });
    await this.page.waitForSelector(`${byTestId('shopper-state')}:not([data-state="checking"])`);
  }

  /** Waits until the shop shows this state: `signed-out`, `anonymous` or `signed-in`. */
  async showsState(state) {
    await this.page.waitForSelector(`${byTestId('shopper-state')}[data-state="${state}"]`);
  }

  /** Waits for a message by its code and gives its words. */
  async showsMessage(code) {
    const message = this.page.locator(`${byTestId('message')}[data-code="${code}"]`);
    try {
      await message.waitFor();
    } catch (cause) {
      const shown = await this.find('message')
        .getAttribute('data-code', { timeout: 100 })
        .catch(() => null);
      throw new Error(
        `the shop does not show the message ${code} but ${shown || 'none'}, at ${String(await this.page.url()).split('?')[0]}`,
        { cause },
      );
    }
    const words = (await message.innerText()).trim();
    assert.ok(words.split(/\s+/).length >= 6, `the message ${code} is in words: ${words}`);
    return words;
  }

  /** The user id that the shop shows, null when nobody is known. */
  async shownUserId() {
    return (await this.find('shopper-state').getAttribute('data-user-id')) || null;
  }

  async showsUser(userId) {
    await this.page.waitForSelector(`${byTestId('shopper-state')}[data-user-id="${userId}"]`);
  }

  async shownState() {
    return await this.find('shopper-state').getAttribute('data-state');
  }

  /** What is in the cart on the page, as `{productId: quantity}`. */
  async shownCart() {
    const rows = this.find('cart-items').locator('li');
    return Object.fromEntries(
      await rows.evaluateAll((items) =>
        items.map((item) => [item.dataset.productId, Number(item.querySelector('.row-quantity').textContent)]),
      ),
    );
  }

  /** Waits until the cart on the page is exactly this. */
  async showsCart(expected) {
    const wanted = JSON.stringify(Object.entries(expected).sort());
    try {
      await this.page.waitForFunction(
        (wanted) => {
          const rows = [...document.querySelectorAll('[data-testid="cart-items"] li')];
          const shown = rows.map((row) => [
            row.dataset.productId,
            Number(row.querySelector('.row-quantity').textContent),
          ]);
          return JSON.stringify(shown.sort()) === wanted;
        },
        wanted,
        POLLING,
      );
    } catch (cause) {
      throw new Error(`the cart shows ${JSON.stringify(await this.shownCart())}, not ${wanted}`, { cause });
    }
    const pieces = Object.values(expected).reduce((sum, quantity) => sum + quantity, 0);
    assert.equal(await this.find('cart-count').innerText(), String(pieces), 'the count in the header is right');
  }

  async press(testId) {
    // As a person would; a tab in the background takes seconds to be ready for a press.
    await this.page.bringToFront();
    await this.find(testId).click();
  }

  /** Presses "Add to cart". */
  async add(productId) {
    await this.press(`add-${productId}`);
  }

  /** Adds to the cart as somebody the shop does not know yet, and comes back with a user id. */
  async addAnonymously(productId) {
    await this.add(productId);
    await this.showsMessage('ItemAdded');
    await this.showsState('anonymous');
  }

  /** Leaves for a provider's page. */
  async goToProvider(connectionId) {
    await this.press('sign-in');
    await this.press(`provider-${connectionId}`);
    await this.isAtProvider(connectionId);
  }

  async isAtProvider(connectionId) {
    await this.page.waitForURL(`${this.stack.sandboxUrl}/sandbox/provider/${connectionId}?**`, { waitUntil: 'commit' });
    await this.find('cancel').waitFor();
  }

  /** Says who it is on the provider's page and returns to the shop. */
  async pick(person) {
    await this.find('user-other').fill(person);
    await this.press('continue');
    await this.isReady();
  }

  async cancel() {
    await this.press('cancel');
    await this.isReady();
  }

  /** Signs in with a provider; an anonymous shopper's identity is linked by that. */
  async signIn(connectionId, person) {
    await this.goToProvider(connectionId);
    await this.pick(person);
  }

  async signOut() {
    // Where the session lives in cookies the shopper stays on the page.
    const left = this.stack.topology === 'https' ? null : this.page.waitForEvent('framenavigated');
    await this.press('sign-out');
    await left;
    await this.isReady();
    await this.showsMessage('SignedOut');
    await this.showsState('signed-out');
  }

  /** The value of the access token's cookie; null if there is none. Two would be one too many. */
  async token() {
    const cookies = await this.page.context().cookies(this.stack.shopUrl);
    const tokens = cookies.filter(({ name }) => name === 'authorization');
    assert.ok(tokens.length <= 1, `there are ${tokens.length} access tokens`);
    return tokens.length === 1 ? decodeURIComponent(tokens[0].value) : null;
  }

  /** The verified claims of the access token, which must be those of the shopper on the page. */
  async claims() {
    const token = await this.token();
    assert.ok(token, 'there is an access token');
    const claims = await this.authress.verify(token);
    assert.equal(await this.shownUserId(), claims.sub, 'the page shows the user of the token');
    return claims;
  }

  /** The addresses that Back and Forward lead to, as far as the browser tells. */
  async history() {
    return (await historyOf(this.page)).map((url) => new URL(url));
  }

  /** Nothing of a login's answer is left in the shop's address or anywhere in its history. */
  async hasCleanAddresses() {
    const own = [new URL(await this.page.url()), ...(await this.history())].filter(
      ({ origin }) => origin === this.stack.shopUrl,
    );
    assert.ok(own.length >= 2);
    for (const url of own) {
      const left = ANSWER_PARAMETERS.filter((name) => url.searchParams.has(name) || url.hash.includes(`${name}=`));
      assert.deepEqual(left, [], `parameters left in an address of ${url.origin}`);
    }
  }
}
