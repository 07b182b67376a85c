// Everything this shop does with the login client. This is the file to copy.

import { LoginClient } from 'authress-login-wasm';

/**
 * @import { RedirectResult } from 'authress-login-wasm'
 * @import { Invite } from 'authress-login-wasm/invite'
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

/** The fragment of the page that is opened after a sign-out. */
export const SIGNED_OUT_FRAGMENT = '#signed-out';

/**
 * The ticket of a mailed link comes back with the result of the sign-in.
 * @param {Invite | null} mailed
 */
const stateFor = (mailed) => mailed?.claimTicket && { mailedTicket: mailed.claimTicket };

/** The session of the shop's page. */
export class ShopperSession {
  #login;

  /** @param {ShopConfig} config */
  constructor({ authressApiUrl, applicationId, shopperConnectionId, backgroundRedirectUrl }) {
    this.#login = new LoginClient({
      authressApiUrl,
      applicationId,
      anonymousConnectionId: shopperConnectionId,
      backgroundRedirectUrl: backgroundRedirectUrl ?? undefined,
    });
  }

  /**
   * Restores the session, and completes a login or link if this is its callback. Call it once when the page is shown.
   * @returns {Promise<RedirectResult | null>} what the browser has come back from
   */
  async restore() {
    await this.#login.userSessionExists();
    return await this.#login.getRedirectResult();
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

  /**
   * Gives a new shopper an anonymous user id. If that needs another page, the browser leaves, and `restore` has the product
   * afterwards.
   * @param {string} productId
   * @returns {Promise<boolean>} whether there is a session now: then the browser stays
   */
  async startAnonymous(productId) {
    return (await this.#login.signInAnonymously({ appState: { productId } })) !== null;
  }

  /**
   * Signs in. An anonymous shopper keeps the user id, and with it the cart: ask the shop's own server first whose session
   * this is, because the identity gets access to it. The browser leaves the page.
   * @param {string} connectionId
   * @param {() => Promise<string>} claimTicket requests a ticket for the cart, if the user id cannot be kept
   * @param {Invite | null} mailed what a mailed link has brought: it names the user id of its cart
   */
  async signIn(connectionId, claimTicket, mailed) {
    await this.#login.signIn({ connectionId, claimTicket, inviteId: mailed?.inviteId, appState: stateFor(mailed) });
  }

  /**
   * Signs in to the account that an identity has, which ends the current session. The browser leaves the page.
   * @param {string | undefined} connectionId
   * @param {Invite | null} mailed what a mailed link has brought
   * @param {() => Promise<string>} [claimTicket] requests a ticket for the cart, if it comes along
   */
  async switchAccount(connectionId, mailed, claimTicket) {
    await this.#login.switchAccount({ connectionId, claimTicket, appState: stateFor(mailed) });
  }

  /** Ends the session and returns to the shop's first page. */
  async signOut() {
    await this.#login.signOut({ redirectUrl: `${location.origin}/${SIGNED_OUT_FRAGMENT}` });
  }
}
