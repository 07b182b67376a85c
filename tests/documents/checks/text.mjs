// Text is for what no program reads: drawings, output, values of a header.

/** @import { Block } from '../pages.mjs' */

const COMMAND = /^(?:\$ |(?:npm|npx|node|cargo|curl|git|docker|podman|kubectl|authress-[\w-]+) +[\w-])/m;

/** @param {Block} block */
export function textFaults({ code }) {
  if (COMMAND.test(code))
    return ['it has commands: write `sh`, or `console` for commands after a `$ ` with their output'];
  try {
    return typeof JSON.parse(code) === 'object' ? ['this is JSON: write `json`'] : [];
  } catch {
    return [];
  }
}
