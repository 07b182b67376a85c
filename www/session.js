// Everything this shop does with the login client. This is the file to copy.

import { LoginClient } from 'authress-login-wasm';

/**
 * Who is shopping, in three states:
 * `signed-out` (no user id yet), `anonymous` (a user id, no account) and `signed-in`.
 */
export class ShopperSession {
  #login;
  #shopperConnectionId;

  /** @param config {authressApiUrl, applicationId, shopperConnectionId} */
  constructor({ authressApiUrl, applicationId, shopperConnectionId }) {
    this.#login = new LoginClient({ authressApiUrl, applicationId });
    this.#shopperConnectionId = shopperConnectionId;
  }

  /**
   * Call it once when the page is shown: finishes a login or link that the browser comes back
   * from. `link` is null or what became of `linkIdentity`; `login` the same for `authenticate`.
   */
  async resume() {
    await this.#login.userSessionExists();
    return { link: await this.#login.getLinkResult(), login: await this.#login.getLoginResult() };
  }

  /** Calls `onChange` when something happens to the session, here or in another tab. */
  onChange(onChange) {
    return this.#login.subscribe(onChange);
  }

  /** Needs no network. */
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

  /** Gives somebody who has no session an anonymous user id. The browser leaves the page. */
  async startAnonymous() {
    await this.#leave(
      this.#login.authenticate({ connectionId: this.#shopperConnectionId, redirectUrl: location.href }),
    );
  }

  /**
   * Signs in with an identity provider. An anonymous shopper keeps the user id, and with it the
   * cart: the identity is linked to it. The browser leaves the page.
   */
  async signIn(connectionId) {
    if (this.shopper.state === 'anonymous') {
      await this.#leave(this.#login.linkIdentity({ connectionId, redirectUrl: location.href }));
    } else {
      await this.signInAsSomebodyElse(connectionId);
    }
  }

  /** Signs in to the account that an identity already has, whatever the user id is now. */
  async signInAsSomebodyElse(connectionId) {
    await this.#leave(this.#login.authenticate({ connectionId, redirectUrl: location.href }));
  }

  /** Ends the session and comes back to the shop's first page. */
  async signOut() {
    await this.#login.logout(`${location.origin}/`);
  }

  // When login pages and shop are on the same host the client does not leave by itself.
  async #leave(request) {
    const answer = await request;
    if (answer?.authenticationUrl) location.assign(answer.authenticationUrl);
  }
}
