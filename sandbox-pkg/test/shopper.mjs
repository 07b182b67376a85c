// A browser and the login client, as far as an anonymous login needs them. It knows one host's cookies.
import { createHash, randomBytes } from 'node:crypto';
import { get } from 'node:http';

/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

/** @param {string} values the values of the request, separated by `|` */
export function proofOfWork(values, now = Date.now()) {
  for (let number = 1_000_000; ; number += 1) {
    const digest = sha256(`${now};${number};${values}`);
    if (digest.startsWith('00')) return `v2;${now};${number};${digest}`;
  }
}

export class Shopper {
  /** @type {Map<string, string>} */
  #cookies = new Map();

  /**
   * @param {import('../index.js').Sandbox} sandbox
   * @param {string} page the page's address
   * @param {() => number} now
   */
  constructor(sandbox, page, now = Date.now) {
    this.sandbox = sandbox;
    this.page = page;
    this.now = now;
  }

  /** @returns {Record<string, string>} */
  #cookieHeader() {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    return cookie ? { cookie } : {};
  }

  /** @param {string[]} lines */
  #keep(lines) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
  }

  /**
   * Sends a request as the page does.
   * @param {string} path
   * @param {object} body
   */
  async post(path, body) {
    const headers = {
      origin: new URL(this.page).origin,
      'content-type': 'application/json',
      ...this.#cookieHeader(),
    };
    const response = await fetch(this.sandbox.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    this.#keep(response.headers.getSetCookie());
    return response;
  }

  /**
   * Opens an address as a navigation. Node's fetch would add `sec-fetch-mode: cors`, which the strict dialect refuses.
   * @param {string} url
   * @param {Record<string, string>} referrer
   * @returns {Promise<import('node:http').IncomingMessage>}
   */
  async #open(url, referrer) {
    const headers = { 'sec-fetch-mode': 'navigate', ...referrer, ...this.#cookieHeader() };
    const response = await new Promise((resolve, reject) => get(url, { headers }, resolve).on('error', reject));
    response.resume();
    this.#keep(response.headers['set-cookie'] ?? []);
    return response;
  }

  /**
   * Begins an anonymous login.
   * @param {object} [fields] further fields of the request
   */
  async begin(fields = {}) {
    const { applicationId, anonymousConnectionId: connectionId } = this.sandbox.settings;
    const codeVerifier = randomBytes(32).toString('base64url');
    const response = await this.post('/api/authentication', {
      applicationId,
      connectionId,
      redirectUrl: this.page,
      codeChallengeMethod: 'S256',
      codeChallenge: sha256(codeVerifier),
      antiAbuseHash: proofOfWork(`${connectionId}|${applicationId}`, this.now()),
      ...fields,
    });
    return { response, body: await response.json(), codeVerifier };
  }

  /**
   * Navigates from the page until the browser is there again. Returns every address. The sandbox's redirects have a
   * `Referrer-Policy` that removes the referrer.
   * @param {string} start
   */
  async navigate(start) {
    const addresses = [start];
    for (let url = start; !url.startsWith(this.page); addresses.push(url)) {
      const { statusCode, headers } = await this.#open(
        url,
        url === start ? { referer: `${new URL(this.page).origin}/` } : {},
      );
      const { location } = headers;
      if (!location || addresses.length > 9) throw new Error(`${url} does not redirect to the page: ${statusCode}`);
      url = new URL(location, url).href;
    }
    return addresses;
  }

  /**
   * @param {{ authenticationRequestId: string }} begun
   * @param {string} code
   * @param {string} codeVerifier
   */
  async exchange({ authenticationRequestId: id }, code, codeVerifier) {
    const { applicationId } = this.sandbox.settings;
    return this.post(`/api/authentication/${id}/tokens`, {
      grant_type: 'authorization_code',
      redirect_uri: this.page,
      client_id: applicationId,
      code,
      code_verifier: codeVerifier,
      antiAbuseHash: proofOfWork(`${applicationId}|${id}|${code}`, this.now()),
    });
  }
}
