// Pictures for documents: 256 colours are enough for a page of flat ones, in a third of the bytes.

import { readFileSync, writeFileSync } from 'node:fs';

import upng from '@pdf-lib/upng';

const COLOURS = 256;
const { decode, encode, toRGBA8 } = upng.default;

/** Writes the picture `from` to `to`. */
export function writeSmall(from, to) {
  const picture = decode(readFileSync(from));
  writeFileSync(to, Buffer.from(encode(toRGBA8(picture), picture.width, picture.height, COLOURS)));
}
