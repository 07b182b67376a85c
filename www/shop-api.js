// The shop's own API. Cart calls carry the access token; who that is, the server decides.

const TIMEOUT_MS = 10_000;

/** A refused or failed call. `code` is the server's `errorCode`, or `ShopUnreachable`. */
export class ShopApiError extends Error {
  constructor(code, { status = 0, cause } = {}) {
    super(`The shop's server did not do what was asked (${code})`, { cause });
    this.name = 'ShopApiError';
    this.code = code;
    this.status = status;
  }
}

export class ShopApi {
  #token;

  /** @param token function that returns a promise of the access token */
  constructor(token) {
    this.#token = token;
  }

  /** What the page has to know before it can log anybody in. */
  static async config() {
    return await send('/config.json');
  }

  static async products() {
    return (await send('/api/products')).products;
  }

  async cart() {
    return await this.#authorized('/api/cart');
  }

  /** Says how many pieces there are from now on (0 to 99) and returns the whole cart. */
  async setQuantity(productId, quantity) {
    return await this.#authorized(`/api/cart/items/${encodeURIComponent(productId)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ quantity }),
    });
  }

  /** A ticket for this anonymous cart, to be brought along to an account that exists already. */
  async claimTicket() {
    return (await this.#authorized('/api/cart/claim-ticket', { method: 'POST' })).ticket;
  }

  /** Puts what is in the ticket's cart into this shopper's, once, and returns the whole cart. */
  async claim(ticket) {
    return await this.#authorized('/api/cart/claims', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });
  }

  async #authorized(path, options = {}) {
    const token = await this.#token();
    // A browser may keep the token where scripts cannot read it; this API needs to be sent it.
    if (!token) throw new ShopApiError('TokenUnreadable');
    return await send(path, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
  }
}

async function send(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw new ShopApiError('ShopUnreachable', { cause });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ShopApiError(body?.errorCode ?? 'ShopFailed', { status: response.status });
  if (body === null) throw new ShopApiError('ShopFailed', { status: response.status });
  return body;
}
