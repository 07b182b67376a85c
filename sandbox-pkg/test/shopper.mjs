// A browser and the login client, as far as an anonymous login needs them: fetch, and cookies of one host.
import { createHash, randomBytes } from 'node:crypto';

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

  /**
   * @param {string} url
   * @param {RequestInit & { headers?: Record<string, string> }} [init]
   */
  async fetch(url, init = {}) {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { ...(cookie && { cookie }), ...init.headers };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  post(path, body) {
    const headers = { origin: new URL(this.page).origin, 'content-type': 'application/json' };
    return this.fetch(this.sandbox.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
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
   * Navigates until the browser is at the page again. Returns every address.
   * @param {string} start
   */
  async navigate(start) {
    const addresses = [start];
    for (let url = start; !url.startsWith(this.page); addresses.push(url)) {
      const response = await this.fetch(url, { headers: { 'sec-fetch-mode': 'navigate' } });
      const location = response.headers.get('location');
      if (!location || addresses.length > 9) throw new Error(`${url}: ${response.status} ${await response.text()}`);
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
