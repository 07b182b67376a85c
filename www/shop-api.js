// The shop's own API. Cart requests carry the access token, from which the server takes the user id.

const TIMEOUT_MS = 10_000;
const NO_CONTENT = 204;

/**
 * What the page needs before a login.
 * @typedef {object} ShopConfig
 * @property {string} authressApiUrl
 * @property {string} applicationId
 * @property {string} shopperConnectionId the service client that signs anonymous shoppers in
 * @property {boolean} reminders whether the shop mails links to carts
 * @property {string | null} backgroundRedirectUrl where a login in the background ends, if this shop is set up for it
 * @property {readonly { connectionId: string, name: string }[]} connections the identity providers
 */

/** @typedef {{ productId: string, name: string, description: string, picture: string, priceCents: number }} Product */
/** @typedef {{ productId: string, name: string, quantity: number, priceCents: number }} CartItem */
/**
 * A cart and its owner, from the verified token.
 * @typedef {{ userId: string | null, isAnonymous: boolean, items: readonly CartItem[], totalCents: number }} Cart
 */

/** A request that was refused or failed. `code` is the server's `errorCode`, or `ShopUnreachable`. */
export class ShopApiError extends Error {
  /**
   * @param {string} code
   * @param {{ status?: number, cause?: unknown }} [details]
   */
  constructor(code, { status = 0, cause } = {}) {
    super(`The request to the shop's server failed (${code})`, { cause });
    this.name = 'ShopApiError';
    this.code = code;
    this.status = status;
  }
}

export class ShopApi {
  #token;

  /** @param {() => Promise<string | null>} token returns the access token */
  constructor(token) {
    this.#token = token;
  }

  /** @returns {Promise<ShopConfig>} */
  static async config() {
    return await send('/config.json');
  }

  /** @returns {Promise<Product[]>} */
  static async products() {
    return (await send('/api/products')).products;
  }

  /** @returns {Promise<Cart>} */
  async cart() {
    return await this.#authorized('/api/cart');
  }

  /**
   * Sets how many pieces of a product are in the cart (0 to 99).
   * @param {string} productId
   * @param {number} quantity
   * @returns {Promise<Cart>}
   */
  async setQuantity(productId, quantity) {
    return await this.#authorized(`/api/cart/items/${encodeURIComponent(productId)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ quantity }),
    });
  }

  /**
   * Requests a ticket with which an account can claim this anonymous cart.
   * @returns {Promise<string>}
   */
  async claimTicket() {
    return (await this.#authorized('/api/cart/claim-ticket', { method: 'POST' })).ticket;
  }

  /**
   * Moves what is in the ticket's cart to this shopper's cart. A ticket works once.
   * @param {string} ticket
   * @returns {Promise<Cart>}
   */
  async claim(ticket) {
    return await this.#post('/api/cart/claims', { ticket });
  }

  /**
   * Has a link to this anonymous cart mailed.
   * @param {string} email
   */
  async sendReminder(email) {
    await this.#post('/api/cart/reminders', { email });
  }

  /**
   * Confirms the address of the last mail.
   * @param {string} code
   */
  async confirmReminder(code) {
    await this.#post('/api/cart/reminders/confirmation', { code });
  }

  /**
   * @param {string} path
   * @param {unknown} body
   */
  async #post(path, body) {
    const headers = { 'content-type': 'application/json' };
    return await this.#authorized(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /**
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [options]
   */
  async #authorized(path, options = {}) {
    const token = await this.#token();
    // The token may be in a cookie that scripts cannot read, and this API takes it from the header only.
    if (!token) throw new ShopApiError('TokenUnreadable');
    return await send(path, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the JSON of the response
 */
async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new ShopApiError('ShopUnreachable', { cause });
  }
  const body = response.status === NO_CONTENT ? {} : await response.json().catch(() => null);
  if (!response.ok) throw new ShopApiError(body?.errorCode ?? 'ShopFailed', { status: response.status });
  if (body === null) throw new ShopApiError('ShopFailed', { status: response.status });
  return body;
}
