// The binary format of WebAssembly, as far as the build reads it itself.
// https://webassembly.github.io/spec/core/binary/modules.html

const HEADER_LENGTH = 8;

/** Ids of sections. */
export const CUSTOM = 0;
export const IMPORT = 2;
export const EXPORT = 7;
export const ELEMENT = 9;
export const CODE = 10;
export const DATA = 11;

/** Reads values one after the other. */
export class Reader {
  /**
   * @param {Buffer} bytes
   * @param {number} at the offset of the first byte
   * @param {number} end the offset after the last one
   */
  constructor(bytes, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isDone() {
    return this.at >= this.end;
  }

  byte() {
    if (this.isDone) throw new Error('the module ends too early');
    const byte = this.bytes[this.at];
    this.at += 1;
    return byte;
  }

  /** An integer in LEB128: its value, its length in bits, and its last byte. */
  #integer() {
    let [value, bits] = [0, 0];
    while (true) {
      const byte = this.byte();
      value |= (byte & 0x7f) << bits;
      bits += 7;
      if (byte < 0x80) return { value, bits, last: byte };
    }
  }

  unsigned() {
    return this.#integer().value >>> 0;
  }

  signed() {
    const { value, bits, last } = this.#integer();
    return bits < 32 && last & 0x40 ? value | (-1 << bits) : value;
  }

  text() {
    const length = this.unsigned();
    const text = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }

  /**
   * Calls `read` for each member of a list.
   * @template Member
   * @param {(index: number) => Member} read
   */
  list(read) {
    return Array.from({ length: this.unsigned() }, (_, index) => read(index));
  }

  /**
   * A reader of the next `length` bytes.
   * @param {number} length
   */
  part(length) {
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }
}

/**
 * A section of a module: `whole` are its bytes, `content` reads what follows the name.
 * @typedef {{ id: number, name: string | undefined, whole: Buffer, content: Reader }} Section
 */

/**
 * The sections of a module.
 * @param {Buffer} module
 * @returns {Generator<Section, void, void>}
 */
export function* sections(module) {
  const reader = new Reader(module, HEADER_LENGTH);
  while (!reader.isDone) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.part(reader.unsigned());
    const name = id === CUSTOM ? content.text() : undefined;
    yield { id, name, content, whole: module.subarray(start, reader.at) };
  }
}

/**
 * A custom section of less than 128 bytes.
 * @param {string} name
 * @param {Buffer} content
 */
export function customSection(name, content) {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), content]);
  return Buffer.concat([Buffer.from([CUSTOM, body.length]), body]);
}

/**
 * The module without some of its custom sections, and with others at its end.
 * @param {Buffer} module
 * @param {(name: string) => boolean} isDropped
 * @param {...Buffer} added
 */
export function withoutCustomSections(module, isDropped, ...added) {
  const kept = [...sections(module)].filter(({ name }) => name === undefined || !isDropped(name));
  return Buffer.concat([module.subarray(0, HEADER_LENGTH), ...kept.map(({ whole }) => whole), ...added]);
}
