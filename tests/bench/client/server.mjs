// Serves the pages as a content delivery network would: HTTP/2, compressed beforehand, files with a year in the cache.

import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';

export class Server {
  #server;
  #sessions = new Set();
  #sent = new Map();

  /** @param files as `buildPages` gives them @param folder with the certificate of the stack */
  static async start(files, folder) {
    const server = new Server();
    const pem = (name) => readFileSync(join(folder, name));
    server.#server = createSecureServer(
      { cert: pem('cert.pem'), key: pem('key.pem'), allowHTTP1: true },
      (request, response) => server.#answer(files, request, response),
    );
    server.#server.on('session', (session) => {
      server.#sessions.add(session);
      session.once('close', () => server.#sessions.delete(session));
    });
    await new Promise((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port() {
    return this.#server.address().port;
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

  #answer(files, request, response) {
    this.log?.(request);
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
