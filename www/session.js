// Everything this shop does with the login client. This is the file to copy.

import { LoginClient } from 'authress-login-wasm';

/**
 * @import { AuthenticationStarted, LinkResult, LoginResult } from 'authress-login-wasm'
 * @import { ShopConfig } from './shop-api.js'
 */

/**
 * The shopper: `signed-out` (no user id yet), `anonymous` (a user id, no account) or `signed-in`.
 * @typedef {object} Shopper
 * @property {'signed-out' | 'anonymous' | 'signed-in'} state
 * @property {string | null} userId
 * @property {string | null} name
 * @property {string | null} email
 */

/** The session of the shop's page. */
export class ShopperSession {
  #login;
  #shopperConnectionId;

  /** @param {Pick<ShopConfig, 'authressApiUrl' | 'applicationId' | 'shopperConnectionId'>} config */
  constructor({ authressApiUrl, applicationId, shopperConnectionId }) {
    this.#login = new LoginClient({ authressApiUrl, applicationId });
    this.#shopperConnectionId = shopperConnectionId;
  }

  /**
   * Restores the session, and completes a login or link if this is its callback. Call it once when the page is shown.
   * @returns {Promise<{ link: LinkResult | null, login: LoginResult | null }>} the results of the callback, if it is one
   */
  async restore() {
    await this.#login.userSessionExists();
    return { link: await this.#login.getLinkResult(), login: await this.#login.getLoginResult() };
  }

  /**
   * Calls the listener when the session changes, here or in another tab.
   * @param {() => void} listener
   * @returns {() => void} removes the listener
   */
  onChange(listener) {
    return this.#login.subscribe(listener);
  }

  /**
   * The shopper, read without a request and without verifying a signature. Show it until the shop's own server has
   * responded, and decide nothing by it (shopper.js).
   * @returns {Shopper}
   */
  get shopper() {
    const identity = this.#login.getUserIdentity();
    if (!identity) return { state: 'signed-out', userId: null, name: null, email: null };
    const { userId, isAnonymous, name = null, email = null } = identity;
    return { state: isAnonymous ? 'anonymous' : 'signed-in', userId, name: name ?? email, email };
  }

  /** The access token for the shop's own API. */
  async token() {
    return await this.#login.ensureToken();
  }

  /** Gives a new shopper an anonymous user id. The browser leaves the page. */
  async startAnonymous() {
    await this.#leave(
      this.#login.authenticate({ connectionId: this.#shopperConnectionId, redirectUrl: location.href }),
    );
  }

  /**
   * Links an identity to the user id of an anonymous shopper, so that the cart stays. Ask the shop's own server first
   * whose session this is: the identity gets access to it. The browser leaves the page.
   * @param {string} connectionId
   */
  async link(connectionId) {
    await this.#leave(this.#login.linkIdentity({ connectionId, redirectUrl: location.href }));
  }

  /**
   * Signs in to the account that an identity has, which ends the current session. The browser leaves the page.
   * @param {string | undefined} connectionId
   */
  async signIn(connectionId) {
    await this.#leave(this.#login.authenticate({ connectionId, redirectUrl: location.href }));
  }

  /** Ends the session and returns to the shop's first page. */
  async signOut() {
    await this.#login.logout(`${location.origin}/`);
  }

  /**
   * Where login pages and shop are on one host the client does not leave the page by itself.
   * @param {Promise<AuthenticationStarted | null | undefined>} request
   */
  async #leave(request) {
    const started = await request;
    if (started?.authenticationUrl) location.assign(started.authenticationUrl);
  }
}
