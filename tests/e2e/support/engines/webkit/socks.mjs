// The handshake of a SOCKS 5 connection (RFC 1928), from the proxy's side.

import { once } from 'node:events';

/** @import { Socket } from 'node:net' */

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const NAME = 3;
const IPV4 = 1;
const SUCCEEDED = 0;

/**
 * Accepts a browser's connection.
 * @param {Socket} socket
 * @returns {Promise<{ host: string, port: number }>} the destination that it asks for
 */
export async function accept(socket) {
  const [version, methods] = await read(socket, 2);
  if (version !== VERSION) throw new Error('this is not SOCKS 5');
  await read(socket, methods);
  socket.write(Buffer.from([VERSION, NO_AUTHENTICATION]));
  const [, , , type] = await read(socket, 4);
  let host;
  if (type === NAME) host = (await read(socket, (await read(socket, 1))[0])).toString();
  else if (type === IPV4) host = [...(await read(socket, 4))].join('.');
  else throw new Error(`the address is of an unknown type: ${type}`);
  const port = (await read(socket, 2)).readUInt16BE();
  socket.write(Buffer.from([VERSION, SUCCEEDED, 0, IPV4, 0, 0, 0, 0, 0, 0]));
  return { host, port };
}

/**
 * @param {Socket} socket
 * @param {number} length
 * @returns {Promise<Buffer>}
 */
async function read(socket, length) {
  while (true) {
    const chunk = socket.read(length);
    if (chunk) return chunk;
    if (socket.readableEnded || socket.destroyed) throw new Error('the browser has closed the connection');
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
