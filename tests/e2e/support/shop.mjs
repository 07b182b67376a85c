// The storefront as a shopper uses it: one object for each tab.

import assert from 'node:assert/strict';

import { historyOf } from './browser.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Authress } from './authress.mjs'
 * @import { StackDescription } from './stack.mjs'
 */

/** How often to poll: tabs in the background draw no frames, for which the driver would wait otherwise. */
export const POLLING = { polling: 50 };

/** @type {(id: string) => string} */
const byTestId = (id) => `[data-testid="${id}"]`;
/** Parameters that must not stay in an address after a callback, and tokens, which belong in no address. */
const CALLBACK_PARAMETERS = [
  'code',
  'nonce',
  'iss',
  'access_token',
  'id_token',
  'expires_in',
  'error',
  'errorCode',
  'error_description',
  'session_token',
];

export class Shop {
  /**
   * The requests of this tab to the sandbox.
   * @type {import('playwright-core').Request[]}
   */
  toSandbox = [];
  #authress;

  /**
   * @param {Page} page
   * @param {StackDescription} stack
   * @param {Authress} [authress] for `claims`
   */
  constructor(page, stack, authress) {
    this.page = page;
    this.stack = stack;
    this.#authress = authress;
    page.on('request', (request) => {
      if (new URL(request.url()).origin === stack.sandboxUrl) this.toSandbox.push(request);
    });
  }

  /** @param {string} testId */
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
    // The driver cannot leave an error page that has just been shown.
    /** @type {(error: unknown) => boolean} */
    const isTooEarly = (error) => /Not attached to an active page/.test(String(error));
    for (let tries = 20; ; tries -= 1) {
      try {
        return await this.page.goBack({ waitUntil: 'commit' });
      } catch (error) {
        if (tries === 0 || !isTooEarly(error)) throw error;
        await this.page.waitForTimeout(100);
      }
    }
  }

  /** Waits until the shop is shown and knows the shopper's state. */
  async isReady() {
    // A page from the back/forward cache does not load again.
    await this.page.waitForURL((url) => url.origin === this.stack.shopUrl, { waitUntil: 'commit' });
    await this.page.waitForSelector(`${byTestId('shopper-state')}:not([data-state="checking"])`);
  }

  /**
   * Waits until the shop shows this state.
   * @param {'signed-out' | 'anonymous' | 'signed-in'} state
   */
  async showsState(state) {
    await this.page.waitForSelector(`${byTestId('shopper-state')}[data-state="${state}"]`);
  }

  /**
   * Waits for the message of a code and returns its text.
   * @param {string} code
   */
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
    const text = (await message.innerText()).trim();
    assert.ok(text.split(/\s+/).length >= 6, `the message ${code} is in words: ${text}`);
    return text;
  }

  /** The user id that the shop shows, null when the shopper is signed out. */
  async shownUserId() {
    return (await this.find('shopper-state').getAttribute('data-user-id')) || null;
  }

  /** @param {string} userId */
  async showsUser(userId) {
    await this.page.waitForSelector(`${byTestId('shopper-state')}[data-user-id="${userId}"]`);
  }

  async shownState() {
    return await this.find('shopper-state').getAttribute('data-state');
  }

  /** The cart on the page, as `{productId: quantity}`. */
  async shownCart() {
    const rows = this.find('cart-items').locator('li');
    return Object.fromEntries(
      await rows.evaluateAll((items) =>
        items.map((item) => [item.dataset.productId, Number(item.querySelector('.row-quantity')?.textContent)]),
      ),
    );
  }

  /**
   * Waits until the cart on the page is exactly this.
   * @param {Record<string, number>} expected
   */
  async showsCart(expected) {
    const wanted = JSON.stringify(Object.entries(expected).sort());
    try {
      await this.page.waitForFunction(
        (cart) => {
          /** @type {NodeListOf<HTMLElement>} */
          const items = document.querySelectorAll('[data-testid="cart-items"] li');
          const shown = [...items].map((row) => [
            row.dataset.productId,
            Number(row.querySelector('.row-quantity')?.textContent),
          ]);
          return JSON.stringify(shown.sort()) === cart;
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

  /**
   * Waits until the shop explains that a link was refused, and offers the account that the identity has. Only the default
   * dialect tells a refusal from a failure.
   * @param {string} providerName
   */
  async showsRefusedLink(providerName) {
    const isSaid = this.stack.dialect === 'default';
    const text = await this.showsMessage(isSaid ? 'IdentityAlreadyOwned' : 'LinkFailed');
    const words = isSaid ? 'you already have an account' : 'if you already have an account';
    assert.match(text, new RegExp(`${words} with ${providerName}`, 'i'));
    for (const offer of ['take-cart-along', 'switch-account', 'keep-this-cart']) await this.find(offer).waitFor();
  }

  /** @param {string} testId */
  async press(testId) {
    // As a person would; a tab in the background takes seconds to be ready for a press.
    await this.page.bringToFront();
    await this.find(testId).click();
  }

  /**
   * Presses "Add to cart".
   * @param {string} productId
   */
  async add(productId) {
    await this.press(`add-${productId}`);
  }

  /**
   * Adds to the cart as a new shopper, who returns from the login with a user id.
   * @param {string} productId
   */
  async addAnonymously(productId) {
    await this.add(productId);
    await this.showsMessage('ItemAdded');
    await this.showsState('anonymous');
  }

  /**
   * Leaves for a provider's page.
   * @param {string} connectionId
   */
  async goToProvider(connectionId) {
    await this.press('sign-in');
    await this.press(`provider-${connectionId}`);
    await this.isAtProvider(connectionId);
  }

  /** @param {string} connectionId */
  async isAtProvider(connectionId) {
    await this.page.waitForURL(`${this.stack.sandboxUrl}/sandbox/provider/${connectionId}?**`, { waitUntil: 'commit' });
    await this.find('cancel').waitFor();
  }

  /**
   * Picks an account on the provider's page and returns to the shop.
   * @param {string} account
   */
  async pick(account) {
    await this.find('user-other').fill(account);
    await this.press('continue');
    await this.isReady();
  }

  async cancel() {
    await this.press('cancel');
    await this.isReady();
  }

  /**
   * Signs in with a provider; for an anonymous shopper that links the identity.
   * @param {string} connectionId
   * @param {string} account
   */
  async signIn(connectionId, account) {
    await this.goToProvider(connectionId);
    await this.pick(account);
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

  /** The access token's cookie, null if there is none. */
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
    assert.ok(this.#authress, 'this tab has a sandbox to verify the token with');
    const claims = await this.#authress.verify(token);
    assert.equal(await this.shownUserId(), claims.sub, 'the page shows the user of the token');
    return claims;
  }

  /** Removes what the browser has of the session, which Authress keeps. */
  async loseSession() {
    await this.page.evaluate(() => localStorage.clear());
    for (const name of ['authorization', 'user']) await this.page.context().clearCookies({ name });
  }

  /** The URLs of the tab's history, as far as the browser shows them. */
  async history() {
    return (await historyOf(this.page)).map((url) => new URL(url));
  }

  /** Checks that no callback parameter is left in the shop's address or its history. */
  async hasCleanAddresses() {
    const own = [new URL(await this.page.url()), ...(await this.history())].filter(
      ({ origin }) => origin === this.stack.shopUrl,
    );
    assert.ok(own.length >= 2);
    for (const url of own) {
      const left = CALLBACK_PARAMETERS.filter((name) => url.searchParams.has(name) || url.hash.includes(`${name}=`));
      assert.deepEqual(left, [], `parameters left in an address of ${url.origin}`);
    }
  }
}
