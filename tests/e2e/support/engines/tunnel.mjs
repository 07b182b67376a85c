// A proxy through which a browser that cannot resolve the stack's host names reaches its servers.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

import { portOf } from '../ports.mjs';

/** @import { Duplex } from 'node:stream' */

/**
 * Starts a proxy that opens tunnels to the addresses of a stack and to nothing else.
 * @param {Record<string, string>} addresses
 */
export async function openTunnels(addresses) {
  /** @type {Set<Duplex>} */
  const sockets = new Set();
  const server = createServer((_, response) => response.writeHead(502).end());
  server.on('connect', (request, browser) => {
    const [host, port] = (addresses[request.url ?? ''] ?? '').split(':');
    if (!port) {
      browser.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = connect(Number(port), host, () => {
      browser.write('HTTP/1.1 200 OK\r\n\r\n');
      browser.pipe(upstream).pipe(browser);
    });
    for (const [socket, other] of [
      [browser, upstream],
      [upstream, browser],
    ]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: `http://127.0.0.1:${portOf(server)}`, close };
}
