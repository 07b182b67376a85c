// Server-sent events (HTML Standard, section 9.2) of a history of requests.

/** The number of pages that can watch at once. A browser keeps one of its six connections to a host for each. */
const MAX_STREAMS = 20;
/** What may wait for a page that does not read: then it is disconnected, and asks again for what it lacks. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { Entry } from './entry.js'
 * @import { RequestHistory } from './request-history.js'
 */

export class EventStreams {
  #history;
  /** Tells the entries of this sandbox from those of an earlier one at the same address. */
  #run = Date.now().toString(36);
  /** @type {Set<ServerResponse>} */
  #streams = new Set();

  /** @param {RequestHistory} history */
  constructor(history) {
    this.#history = history;
    history.on('added', (entry) => this.#send(this.#event(entry)));
    history.on('cleared', () => this.#send('event: reset\ndata: all\n\n'));
  }

  /**
   * Sends what the page lacks, and then each request as it happens.
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @param {URLSearchParams} query `after`: the id of the last event that the page has
   */
  open(request, response, query) {
    if (this.#streams.size >= MAX_STREAMS) {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(`At most ${MAX_STREAMS} pages can show the requests: close one.\n`);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const last = request.headers['last-event-id'] ?? query.get('after') ?? '';
    const [run, number] = String(last).split('-');
    const isKnown = run === this.#run && /^\d+$/.test(number ?? '');
    if (!isKnown) response.write('event: reset\ndata: all\n\n');
    for (const entry of this.#history.after(isKnown ? Number(number) : 0)) response.write(this.#event(entry));
    response.flushHeaders();
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  /** @param {Entry} entry */
  #event(entry) {
    return `id: ${this.#run}-${entry.number}\nevent: request\ndata: ${JSON.stringify(entry)}\n\n`;
  }

  /** @param {string} event */
  #send(event) {
    for (const stream of this.#streams) {
      stream.write(event);
      if (stream.writableLength > MAX_WAITING_BYTES) stream.destroy();
    }
  }
}
