// Serves the pages as a content delivery network would: HTTP/2, compressed beforehand, files with a year in the cache.

import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';

import { portOf } from '../../e2e/support/ports.mjs';

/**
 * @import { Http2SecureServer, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
 * @import { Files } from './pages.mjs'
 */

export class Server {
  /** @type {Http2SecureServer} */
  #server;
  /** @type {Set<ServerHttp2Session>} */
  #sessions = new Set();
  /**
   * The size of each file that was sent, by its path.
   * @type {Map<string, number>}
   */
  #sent = new Map();

  /**
   * @param {Files} files
   * @param {string} folder with the certificate
   */
  constructor(files, folder) {
    /** @type {(name: string) => Buffer} */
    const pem = (name) => readFileSync(join(folder, name));
    this.#server = createSecureServer(
      { cert: pem('cert.pem'), key: pem('key.pem'), allowHTTP1: true },
      (request, response) => this.#respond(files, request, response),
    );
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
  }

  /**
   * @param {Files} files as `buildPages` gives them
   * @param {string} folder with the certificate of the stack
   */
  static async start(files, folder) {
    const server = new Server(files, folder);
    /** @type {Promise<void>} */
    const listening = new Promise((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    await listening;
    return server;
  }

  get port() {
    return portOf(this.#server);
  }

  forget() {
    this.#sent = new Map();
  }

  /** The bytes of scripts and modules that were sent since `forget`, each file once. */
  sentFiles() {
    const files = [...this.#sent].filter(([path]) => path.includes('/assets/'));
    return files.reduce((sum, [, bytes]) => sum + bytes, 0);
  }

  stop() {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
  }

  /**
   * @param {Files} files
   * @param {Http2ServerRequest} request
   * @param {Http2ServerResponse} response
   */
  #respond(files, request, response) {
    const path = request.url.split('?')[0];
    const file = files.get(path);
    if (!file) return response.writeHead(404).end();
    this.#sent.set(path, file.body.length);
    response.writeHead(200, {
      'content-type': file.type,
      'content-encoding': 'br',
      'content-length': file.body.length,
      'cache-control': file.cache,
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    });
    return response.end(file.body);
  }
}
