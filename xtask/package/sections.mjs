// Reads and writes the binary format of a module, as far as the build needs it.
// https://webassembly.github.io/spec/core/binary/modules.html

const HEADER_LENGTH = 8;

/** Ids of sections. */
export const CUSTOM = 0;
export const IMPORT = 2;
export const EXPORT = 7;
export const ELEMENT = 9;
export const CODE = 10;
export const DATA = 11;

/** Reads bytes in sequence. */
export class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  get isDone() {
    return this.at >= this.end;
  }

  byte() {
    if (this.isDone) throw new Error('the module ends too early');
    return this.bytes[this.at++];
  }

  /** An integer in LEB128: `[value, bits]`. */
  #integer() {
    let [value, bits] = [0, 0];
    while (true) {
      const byte = this.byte();
      value |= (byte & 0x7f) << bits;
      bits += 7;
      if (byte < 0x80) return [value, bits, byte];
    }
  }

  unsigned() {
    return this.#integer()[0] >>> 0;
  }

  signed() {
    const [value, bits, last] = this.#integer();
    return bits < 32 && last & 0x40 ? value | (-1 << bits) : value;
  }

  text() {
    const length = this.unsigned();
    const text = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }

  /** Calls `read` for each member of a list. */
  list(read) {
    return Array.from({ length: this.unsigned() }, (_, index) => read(index));
  }

  /** The next `length` bytes, for a reader of their own. */
  part(length) {
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }
}

/** The sections of a module: `{id, name, whole, content}`. `whole` has all bytes; `content` is a reader positioned after the name. */
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

/** A custom section of less than 128 bytes. */
export function customSection(name, content) {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), content]);
  return Buffer.concat([Buffer.from([CUSTOM, body.length]), body]);
}

/** The module without the custom sections for which `isDropped(name)` is true, and with `added` at its end. */
export function withoutCustomSections(module, isDropped, ...added) {
  const kept = [...sections(module)].filter(({ id, name }) => id !== CUSTOM || !isDropped(name));
  return Buffer.concat([module.subarray(0, HEADER_LENGTH), ...kept.map(({ whole }) => whole), ...added]);
}
