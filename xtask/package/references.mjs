// Reads the references of a module that was linked with `--emit-relocs`: for each reference in code and data, the linker reports
// its position and its target.
// https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
import { CODE, CUSTOM, DATA, ELEMENT, EXPORT, IMPORT, sections, withoutCustomSections } from './sections.mjs';

const LINKING_VERSION = 2;
const SYMBOL_TABLE = 8;
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;
/** Kinds of symbols. */
const [FUNCTION, DATA_SYMBOL, , SECTION] = [0, 1, 2, 3];
/** Types of relocations by their target; those with an addend. */
const TO_FUNCTION = new Set([0, 1, 2, 8]);
const TO_DATA = new Set([3, 4, 5]);
const TO_NOTHING_OF_OURS = new Set([6, 7, 9, 10, 13, 20]);
const WITH_ADDEND = new Set([3, 4, 5, 8, 9]);

const isLinking = (name) => name === 'linking' || name.startsWith('reloc.');

/** The module without what `--emit-relocs` adds. */
export const withoutReferences = (module) => withoutCustomSections(module, isLinking);

function limits(reader) {
  const hasMaximum = reader.byte() & 1;
  reader.unsigned();
  if (hasMaximum) reader.unsigned();
}

/** Reads the next import; whether it is a function. */
function readImport(reader) {
  reader.text();
  reader.text();
  const kind = reader.byte();
  if (kind === 0) reader.unsigned();
  else if (kind === 1) {
    reader.byte();
    limits(reader);
  } else if (kind === 2) limits(reader);
  else if (kind === 3) reader.part(2);
  else throw new Error(`an import of kind ${kind} is not known here`);
  return kind === 0;
}

/** Reads a segment's offset, an `i32.const` expression. */
function offset(reader) {
  const [constant, value, end] = [reader.byte(), reader.signed(), reader.byte()];
  if (constant !== 0x41 || end !== 0x0b) throw new Error('a segment begins at no constant');
  return value;
}

function activeSegment(reader) {
  const kind = reader.unsigned();
  if (kind !== 0) throw new Error(`a segment of kind ${kind} is not known here`);
  return offset(reader);
}

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
 * Reads a linked module. A node is a function, by its index, or a piece of data, by `d` and the number of its symbol.
 *
 * @returns `{edges: Map, exports: Map, slots: Map, data: Map}`: from a node to the nodes it refers to; from an export's name to
 * a node; from a table index to a node; from a node to the name and address range `{name, start, end}` of data
 */
export function readReferences(module) {
  let importedFunctions = 0;
  const [exports, slots, bodies, segments, symbols, relocations] = [new Map(), new Map(), [], [], [], []];
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
      if (version !== LINKING_VERSION) throw new Error(`version ${version} of the linker's notes is not known here`);
      while (!content.isDone) {
        const [type, part] = [content.byte(), content.part(content.unsigned())];
        if (type === SYMBOL_TABLE) symbols.push(...part.list(() => readSymbol(part)));
      }
    } else if (id === CUSTOM && name.startsWith('reloc.')) {
      const section = content.unsigned();
      content.list(() => {
        const [type, at, symbol] = [content.byte(), content.unsigned(), content.unsigned()];
        if (WITH_ADDEND.has(type)) content.signed();
        relocations.push({ section, type, at, symbol });
      });
    }
  }
  if (symbols.length === 0) throw new Error('the module was linked without --emit-relocs');

  const dataNode = (symbol) => `d${symbol}`;
  const data = new Map();
  /** Where in the file something stands, in order: `{at, end, node}`. */
  const places = bodies.map(({ at, end }, index) => ({ at, end, node: importedFunctions + index }));
  symbols.forEach(({ kind, name, segment, start, length }, symbol) => {
    if (kind !== DATA_SYMBOL || segment === undefined || length === 0) return;
    const { address, content } = segments[segment];
    data.set(dataNode(symbol), { name, start: address + start, end: address + start + length });
    places.push({ at: content.at + start, end: content.at + start + length, node: dataNode(symbol) });
  });

  const edges = new Map();
  for (const { section, type, at, symbol } of relocations) {
    const { id, at: start } = starts[section];
    if ((id !== CODE && id !== DATA) || TO_NOTHING_OF_OURS.has(type)) continue;
    let node;
    if (TO_FUNCTION.has(type) && symbols[symbol].kind === FUNCTION) node = symbols[symbol].index;
    else if (TO_DATA.has(type)) node = dataNode(symbol);
    else throw new Error(`a relocation of type ${type} is not known here`);
    const from = places.filter((place) => place.at <= start + at && start + at < place.end);
    if (from.length === 0) throw new Error('a relocation stands outside of all functions and data');
    for (const place of from) edges.set(place.node, (edges.get(place.node) ?? new Set()).add(node));
  }
  return { edges, exports, slots, data };
}
