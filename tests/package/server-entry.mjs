// What the tests of the entry for servers share: the entry itself, bundled with jose from its sources, and an issuer.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

/** @typedef {typeof import('authress-login-wasm/server')} Entry */

const sources = fileURLToPath(new URL('../../pkg/src/server', import.meta.url));

/**
 * The text of a file of the sources and everything that it imports.
 * @param {string} [file]
 */
export async function bundled(file = 'index.js') {
  const { outputFiles } = await build({
    entryPoints: [join(sources, file)],
    nodePaths: [fileURLToPath(new URL('../node_modules', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    tsconfigRaw: {},
  });
  return outputFiles[0].text;
}

/**
 * A file of the sources as a module.
 * @param {string} [file]
 * @returns {Promise<any>}
 */
export async function load(file) {
  const folder = mkdtempSync(join(tmpdir(), 'server-entry-'));
  try {
    const module = join(folder, 'entry.mjs');
    writeFileSync(module, await bundled(file));
    return await import(pathToFileURL(module).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @type {Entry} */
export const { createShopperVerifier, createClaimTickets, memoryStore, ShopperError, ServerSettingError } =
  await load();

/**
 * A server on loopback.
 * @param {import('node:test').TestContext | import('node:test').SuiteContext | { after: (stop: () => void) => void }} context
 * @param {import('node:http').RequestListener} respond
 * @returns {Promise<string>} its origin
 */
export async function serve(context, respond) {
  const server = createServer(respond).listen(0, '127.0.0.1');
  /** @type {any} */ (context).after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
}

/** An issuer with one key, whose tokens are those of an anonymous shopper. */
export class Issuer {
  origin = '';
  /** @type {string[]} the paths of the requests for keys */
  requests = [];
  /** @type {{ keys: import('jose').JWK[] }} */
  jwks = { keys: [] };
  /** @type {import('jose').CryptoKey | undefined} */
  #privateKey;

  /** @param {{ after: (stop: () => void) => void }} context at whose end it stops */
  static async start(context) {
    const issuer = new Issuer();
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    issuer.#privateKey = privateKey;
    issuer.jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' }] };
    issuer.origin = await serve(context, ({ url }, response) => {
      issuer.requests.push(String(url));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(issuer.jwks));
    });
    return issuer;
  }

  /** The settings of a verifier for it. */
  get settings() {
    return { authressApiUrl: this.origin, applicationId: 'app_shop' };
  }

  /**
   * A valid token, with some claims and members of the header changed.
   * @param {Record<string, unknown>} [changes] undefined removes a claim
   * @param {Record<string, unknown>} [header]
   */
  async token(changes = {}, header = {}) {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: this.origin, sub: 'user_a', client_id: 'app_shop', azp: 'sc_shop', iat: now, exp: now + 600 };
    return await new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'k1', typ: 'at+jwt', ...header })
      .sign(/** @type {import('jose').CryptoKey} */ (this.#privateKey));
  }
}

/**
 * The code of the error that a promise rejects with; null if it resolves.
 * @param {Promise<unknown>} promise
 * @returns {Promise<string | null>}
 */
export const codeOf = (promise) =>
  promise.then(
    () => null,
    (error) => {
      if (error instanceof ShopperError) return error.code;
      throw error;
    },
  );
