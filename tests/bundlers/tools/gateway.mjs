// A TCP proxy: one address for the browser, in front of the server that is under test.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { portOf } from '../../e2e/support/ports.mjs';

/** @import { Socket } from 'node:net' */

/** Forwards connections, also WebSockets, to a port. */
export class Gateway {
  #server = createServer((socket) => this.#forward(socket));
  /** @type {Set<Socket>} */
  #sockets = new Set();
  /** @type {number | undefined} */
  #target;

  static async start() {
    const gateway = new Gateway();
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get port() {
    return portOf(this.#server);
  }

  /**
   * Sets the port, and closes the connections to the previous one, which the browser would reuse.
   * @param {number | undefined} port
   */
  forwardTo(port) {
    this.#target = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.forwardTo(undefined);
    this.#server.close();
  }

  /** @param {Socket} socket */
  #forward(socket) {
    if (!this.#target) {
      socket.destroy();
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    const ends = [
      [socket, server],
      [server, socket],
    ];
    for (const [one, other] of ends) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
