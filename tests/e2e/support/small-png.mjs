// Pictures for documents: 256 colours are enough for flat pages, in a third of the bytes.

import { readFileSync, writeFileSync } from 'node:fs';

import upng from '@pdf-lib/upng';

const COLOURS = 256;
// The package is CommonJS with a default export, which its types do not show to Node.js.
const { decode, encode, toRGBA8 } = /** @type {any} */ (upng).default;

/**
 * Writes the picture `from` to `to`.
 * @param {string} from
 * @param {string} to
 */
export function writeSmall(from, to) {
  const picture = decode(readFileSync(from));
  writeFileSync(to, Buffer.from(encode(toRGBA8(picture), picture.width, picture.height, COLOURS)));
}
