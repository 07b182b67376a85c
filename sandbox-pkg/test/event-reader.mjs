// A reader of server-sent events, as a page's EventSource is one.
import { once } from 'node:events';
import { get } from 'node:http';

/** @typedef {{ id: string, event: string, data: string }} Event */

export class EventReader {
  /** @type {Event[]} */
  events = [];
  /** Everything that has come. */
  text = '';
  #request;
  #wake = () => {};

  /**
   * @param {string} url
   * @param {Record<string, string>} [headers]
   */
  constructor(url, headers = {}) {
    this.#request = get(url, { headers }, (response) => {
      let unfinished = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        this.text += chunk;
        const blocks = (unfinished + chunk).split('\n\n');
        unfinished = blocks.pop() ?? '';
        this.events.push(...blocks.map(parse));
        this.#wake();
      });
    });
    this.#request.on('error', () => {});
  }

  /** The response's status and headers. */
  async response() {
    const [response] = await once(this.#request, 'response');
    return /** @type {import('node:http').IncomingMessage} */ (response);
  }

  /**
   * The requests, once there are at least so many.
   * @param {number} count
   * @returns {Promise<import('../src/entry.js').Entry[]>}
   */
  async requests(count) {
    while (true) {
      const found = this.events.filter(({ event }) => event === 'request');
      if (found.length >= count) return found.map(({ data }) => JSON.parse(data));
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
    }
  }

  close() {
    this.#request.destroy();
  }
}

/**
 * @param {string} block
 * @returns {Event}
 */
function parse(block) {
  const lines = block.split('\n').map((line) => line.split(/: (.*)/s));
  return {
    id: '',
    event: 'message',
    data: '',
    ...Object.fromEntries(lines.map(([name, value = '']) => [name, value])),
  };
}
