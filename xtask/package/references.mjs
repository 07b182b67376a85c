// The references between functions and data in a module that was linked with `--emit-relocs`: then the linker records the
// place and the target of every reference.
// https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
import { CODE, CUSTOM, DATA, ELEMENT, EXPORT, IMPORT, sections, withoutCustomSections } from './sections.mjs';

/** @import { Reader } from './sections.mjs' */

/**
 * A function by its index, or a piece of data by `d` and the number of its symbol.
 * @typedef {number | string} Node
 */
/** @typedef {{ name: string, start: number, end: number }} Range a piece of data and its addresses */
/** @typedef {{ kind: number, name?: string, index?: number, segment?: number, start?: number, length?: number }} SymbolInfo */

const LINKING_VERSION = 2;
const SYMBOL_TABLE = 8;
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;
/** Kinds of symbols. */
const [FUNCTION, DATA_SYMBOL, , SECTION] = [0, 1, 2, 3];
/** Types of relocations, by their targets; those with an addend. */
const TO_FUNCTION = new Set([0, 1, 2, 8]);
const TO_DATA = new Set([3, 4, 5]);
const TO_OTHERS = new Set([6, 7, 9, 10, 13, 20]);
const WITH_ADDEND = new Set([3, 4, 5, 8, 9]);

/** @param {string} name */
const isLinking = (name) => name === 'linking' || name.startsWith('reloc.');

/**
 * The module as it would be without `--emit-relocs`.
 * @param {Buffer} module
 */
export const withoutReferences = (module) => withoutCustomSections(module, isLinking);

/**
 * Skips the limits of a table or memory.
 * @param {Reader} reader
 */
function skipLimits(reader) {
  const hasMaximum = reader.byte() & 1;
  reader.unsigned();
  if (hasMaximum) reader.unsigned();
}

/**
 * Reads an import; whether it is a function.
 * @param {Reader} reader
 */
function readImport(reader) {
  reader.text();
  reader.text();
  const kind = reader.byte();
  if (kind === 0) reader.unsigned();
  else if (kind === 1) {
    reader.byte();
    skipLimits(reader);
  } else if (kind === 2) skipLimits(reader);
  else if (kind === 3) reader.part(2);
  else throw new Error(`an import of kind ${kind} is not supported`);
  return kind === 0;
}

/**
 * The value of an `i32.const` expression, which is the address of a segment.
 * @param {Reader} reader
 */
function offset(reader) {
  const [constant, value, end] = [reader.byte(), reader.signed(), reader.byte()];
  if (constant !== 0x41 || end !== 0x0b) throw new Error('the address of a segment is no constant');
  return value;
}

/** @param {Reader} reader */
function activeSegment(reader) {
  const kind = reader.unsigned();
  if (kind !== 0) throw new Error(`a segment of kind ${kind} is not supported`);
  return offset(reader);
}

/**
 * @param {Reader} reader
 * @returns {SymbolInfo}
 */
function readSymbol(reader) {
  const [kind, flags] = [reader.byte(), reader.unsigned()];
  if (kind === SECTION) return { kind, index: reader.unsigned() };
  if (kind === DATA_SYMBOL) {
    const name = reader.text();
    if (flags & UNDEFINED) return { kind };
    return { kind, name, segment: reader.unsigned(), start: reader.unsigned(), length: reader.unsigned() };
  }
  const index = reader.unsigned();
  if (!(flags & UNDEFINED) || flags & EXPLICIT_NAME) reader.text();
  return { kind, index };
}

/**
 * Reads the references of a linked module.
 * @param {Buffer} module
 * @returns {{ edges: Map<Node, Set<Node>>, exports: Map<string, Node>, slots: Map<number, Node>, data: Map<Node, Range> }}
 * `edges`: from a node to its targets; `exports`: from an export's name to its node; `slots`: from an index in the table to
 * its node; `data`: the pieces of data
 */
export function readReferences(module) {
  let importedFunctions = 0;
  /** @type {Map<string, Node>} */
  const exports = new Map();
  /** @type {Map<number, Node>} */
  const slots = new Map();
  /** @type {Reader[]} */
  const bodies = [];
  /** @type {{ address: number, content: Reader }[]} */
  const segments = [];
  /** @type {SymbolInfo[]} */
  const symbols = [];
  /** @type {{ section: number, type: number, at: number, symbol: number }[]} */
  const relocations = [];
  /** @type {{ id: number, at: number }[]} */
  const starts = [];
  for (const { id, name, content } of sections(module)) {
    starts.push({ id, at: content.at });
    if (id === IMPORT) {
      importedFunctions = content.list(() => readImport(content)).filter(Boolean).length;
    } else if (id === EXPORT) {
      content.list(() => {
        const [exported, kind, index] = [content.text(), content.byte(), content.unsigned()];
        if (kind === 0) exports.set(exported, index);
      });
    } else if (id === ELEMENT) {
      content.list(() => {
        const base = activeSegment(content);
        content.list((index) => slots.set(base + index, content.unsigned()));
      });
    } else if (id === CODE) {
      content.list(() => bodies.push(content.part(content.unsigned())));
    } else if (id === DATA) {
      content.list(() => {
        const address = activeSegment(content);
        segments.push({ address, content: content.part(content.unsigned()) });
      });
    } else if (id === CUSTOM && name === 'linking') {
      const version = content.unsigned();
      if (version !== LINKING_VERSION) throw new Error(`version ${version} of the linking section is not supported`);
      while (!content.isDone) {
        const [type, part] = [content.byte(), content.part(content.unsigned())];
        if (type === SYMBOL_TABLE) symbols.push(...part.list(() => readSymbol(part)));
      }
    } else if (id === CUSTOM && name?.startsWith('reloc.')) {
      const section = content.unsigned();
      content.list(() => {
        const [type, at, symbol] = [content.byte(), content.unsigned(), content.unsigned()];
        if (WITH_ADDEND.has(type)) content.signed();
        relocations.push({ section, type, at, symbol });
      });
    }
  }
  if (symbols.length === 0) throw new Error('the module was linked without --emit-relocs');

  /** @param {number} symbol */
  const dataNode = (symbol) => `d${symbol}`;
  /** @type {Map<Node, Range>} */
  const data = new Map();
  /**
   * The offsets of functions and data in the file, in order.
   * @type {{ at: number, end: number, node: Node }[]}
   */
  const places = bodies.map(({ at, end }, index) => ({ at, end, node: importedFunctions + index }));
  for (const [symbol, { kind, name = '', segment, start = 0, length = 0 }] of symbols.entries()) {
    if (kind !== DATA_SYMBOL || segment === undefined || length === 0) continue;
    const { address, content } = segments[segment];
    data.set(dataNode(symbol), { name, start: address + start, end: address + start + length });
    places.push({ at: content.at + start, end: content.at + start + length, node: dataNode(symbol) });
  }

  /** @type {Map<Node, Set<Node>>} */
  const edges = new Map();
  for (const { section, type, at, symbol } of relocations) {
    const { id, at: start } = starts[section];
    if ((id !== CODE && id !== DATA) || TO_OTHERS.has(type)) continue;
    /** @type {Node | undefined} */
    let node;
    if (TO_FUNCTION.has(type) && symbols[symbol].kind === FUNCTION) node = symbols[symbol].index;
    else if (TO_DATA.has(type)) node = dataNode(symbol);
    if (node === undefined) throw new Error(`a relocation of type ${type} is not supported`);
    const from = places.filter((place) => place.at <= start + at && start + at < place.end);
    if (from.length === 0) throw new Error('a relocation is outside of all functions and data');
    for (const place of from) edges.set(place.node, (edges.get(place.node) ?? new Set()).add(node));
  }
  return { edges, exports, slots, data };
}
