// One address for the browser, whatever server is under test behind it.
import { connect, createServer } from 'node:net';

/** Passes connections, WebSockets included, on to the port that is set. */
export class Gateway {
  #server;
  #sockets = new Set();
  #target;

  static async start() {
    const gateway = new Gateway();
    gateway.#server = createServer((socket) => gateway.#pass(socket));
    await new Promise((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Closes the connections to the server before, which the browser may want to use again. */
  leadTo(port) {
    this.#target = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  stop() {
    this.leadTo(undefined);
    this.#server.close();
  }

  #pass(socket) {
    if (!this.#target) return socket.destroy();
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
