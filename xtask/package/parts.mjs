// Splits a module into the core and parts that are loaded when they are needed. All of them share one memory and one table: for
// the Rust code it is one program.
//
// A part has named exports. It contains the functions, table entries and data that are reachable from these exports only. So the
// core cannot call into a part that is not loaded yet.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { readReferences } from './references.mjs';

/**
 * @import { Range } from './references.mjs'
 * @typedef {Record<string, string[]>} PartExports the exports of the parts, by their original names
 * @typedef {Range & { part: string }} PartRange
 * @typedef {{ start: number, bytes: Uint8Array }} Segment
 * @typedef {'Function' | 'Table' | 'Memory' | 'Global'} Kind of an export
 */

const path = createRequire(new URL('../../tests/package.json', import.meta.url)).resolve('binaryen');
/**
 * Its types lack some of the methods.
 * @type {{ default: any }}
 */
const { default: binaryen } = await import(pathToFileURL(path).href);

/** The part that is loaded first; the others import what they need of it, from this module name. */
const CORE = 'core';
const CORE_MODULE = 'b';
/** The memory's name in binaryen. */
const MEMORY = '0';
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const { Features } = binaryen;
const FEATURES =
  Features.MutableGlobals |
  Features.SignExt |
  Features.NontrappingFPToInt |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.ReferenceTypes |
  Features.SIMD128 |
  Features.Multivalue;

/**
 * Kinds of exports by binaryen's numbers.
 * @type {Record<number, Kind>}
 */
const KINDS = Object.fromEntries(
  /** @type {Kind[]} */ (['Function', 'Table', 'Memory', 'Global']).map((kind) => [binaryen[`External${kind}`], kind]),
);

/** @type {<Value>(count: number, get: (index: number) => Value) => Value[]} */
const each = (count, get) => Array.from({ length: count }, (_, index) => get(index));

/**
 * Reads a module with binaryen.
 * @param {Uint8Array} wasm
 * @returns {any}
 */
function read(wasm) {
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(2);
  const module = binaryen.readBinary(wasm);
  module.setFeatures(FEATURES);
  return module;
}

/** @param {any} module */
function write(module) {
  module.runPasses(['remove-unused-module-elements']);
  if (!module.validate()) throw new Error('a part of the module is not valid');
  return Buffer.from(module.emitBinary());
}

/**
 * The nodes that are reachable from the roots.
 * @template Node
 * @param {Node[]} roots
 * @param {Map<Node, Set<Node>>} edges
 */
function reach(roots, edges) {
  /** @type {Set<Node>} */
  const reached = new Set();
  const open = [...roots];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...(edges.get(node) ?? []));
  }
  return reached;
}

/**
 * Maps each node to its part: the only one that reaches it, otherwise the core.
 * @template Node
 * @param {Map<Node, Set<Node>>} edges from a node to the nodes it refers to
 * @param {Map<string, Node[]>} roots from a part, also the core, to its roots
 */
function owners(edges, roots) {
  /** @type {Map<Node, string>} */
  const owner = new Map();
  for (const [part, begin] of roots) {
    for (const node of reach(begin, edges)) owner.set(node, owner.has(node) ? CORE : part);
  }
  return owner;
}

/**
 * Whether an export has this name. In the linked module wasm-bindgen's export names end in a hash.
 * @param {string} exported
 * @param {string} name
 */
const isNamed = (exported, name) =>
  exported === name || (exported.startsWith(`${name}_`) && /^[0-9a-f]+$/.test(exported.slice(name.length + 1)));

/** @type {(exported: string, parts: PartExports) => string} */
const partOf = (exported, parts) =>
  Object.keys(parts).find((part) => parts[part].some((name) => isNamed(exported, name))) ?? CORE;

/**
 * @template Member
 * @param {(readonly [group: string, member: Member])[]} pairs
 */
function grouped(pairs) {
  /** @type {Map<string, Member[]>} */
  const groups = new Map([[CORE, []]]);
  for (const [group, member] of pairs) groups.set(group, [...(groups.get(group) ?? []), member]);
  return groups;
}

/**
 * The parts of table entries and data in the linked module.
 * @param {Buffer} linked
 * @param {PartExports} parts
 * @returns {{ slots: Map<number, string>, data: PartRange[] }}
 */
function sortLinked(linked, parts) {
  const { edges, exports, slots, data } = readReferences(linked);
  const owner = owners(
    edges,
    grouped([...exports].map(([name, node]) => /** @type {const} */ ([partOf(name, parts), node]))),
  );
  /** @param {import('./references.mjs').Node} node */
  const part = (node) => owner.get(node) ?? CORE;
  return {
    slots: new Map([...slots].map(([slot, node]) => [slot, part(node)])),
    data: [...data].map(([node, range]) => ({ part: part(node), ...range })),
  };
}

/**
 * The table; `slots` maps an index to the name of a function.
 * @param {any} module
 * @returns {{ table: string, segment: string, slots: Map<number, string> }}
 */
function readTable(module) {
  if (module.getNumElementSegments() !== 1) throw new Error('the module does not have exactly one element segment');
  const { name, table, offset, data } = binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(0));
  const base = binaryen.getExpressionInfo(offset).value;
  return {
    table,
    segment: name,
    slots: new Map(data.map((/** @type {string} */ it, /** @type {number} */ index) => [base + index, it])),
  };
}

/**
 * Writes the table's entries: one segment for each run of indices without a gap.
 * @param {any} module
 * @param {string} table
 * @param {{ slot: number, name: string }[]} slots
 */
function fillTable(module, table, slots) {
  /** @type {{ start: number, end: number, names: string[] }[]} */
  const rows = [];
  for (const { slot, name } of slots) {
    let row = rows.at(-1);
    if (row?.end !== slot) {
      row = { start: slot, end: slot, names: [] };
      rows.push(row);
    }
    row.names.push(name);
    row.end += 1;
  }
  for (const [row, { start, names }] of rows.entries()) {
    module.addActiveElementSegment(table, `row${row}`, names, module.i32.const(start));
  }
}

/**
 * @param {any} module
 * @returns {Segment[]}
 */
function readData(module) {
  return each(module.getNumDataSegments(), (index) => {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(index));
    return { start: offset, bytes: new Uint8Array(data) };
  });
}

/**
 * The core's data: zeros replace what belongs to the other parts.
 * @param {Segment[]} data
 * @param {PartRange[]} ranges
 */
function blanked(data, ranges) {
  return data.map(({ start, bytes }) => {
    /** @type {(range: PartRange) => number[]} */
    const within = ({ start: from, end }) => [from, end].map((at) => Math.min(Math.max(at - start, 0), bytes.length));
    const kept = bytes.slice();
    for (const range of ranges) if (range.part !== CORE) kept.fill(0, ...within(range));
    // The linker merges strings: the end of one may be another.
    for (const range of ranges) if (range.part === CORE) kept.set(bytes.subarray(...within(range)), within(range)[0]);
    return { start, bytes: kept };
  });
}

/**
 * The data within `ranges`.
 * @param {Segment[]} data
 * @param {PartRange[]} ranges
 */
function cut(data, ranges) {
  return ranges.flatMap((range) =>
    data
      .filter(({ start, bytes }) => start < range.end && range.start < start + bytes.length)
      .map(({ start, bytes }) => {
        const from = Math.max(range.start, start);
        return { start: from, bytes: bytes.subarray(from - start, range.end - start) };
      }),
  );
}

/**
 * @param {any} module
 * @param {number} pages
 * @param {Segment[]} data
 */
function setMemory(module, pages, data) {
  module.setMemory(
    pages,
    -1,
    null,
    data.map(({ start, bytes }, index) => ({
      name: `data${index}`,
      offset: module.i32.const(start),
      data: bytes,
      passive: false,
    })),
    false,
    false,
    MEMORY,
  );
}

/**
 * @typedef {object} Input
 * @property {Buffer} linked the linker's output, with `--emit-relocs`
 * @property {Buffer} whole the same after wasm-bindgen and wasm-opt
 * @property {string} calls the output of `wasm-opt --print-call-graph` for `whole`
 * @property {Map<string, string>} names from the original name of an export to its short one
 * @property {(string | undefined)[]} unused short names of exports without a use
 */
/** @typedef {ReturnType<typeof sorted>} View */

/**
 * The content of the module, with the part of each function, table entry and piece of data.
 * @param {Input} input
 * @param {PartExports} parts
 */
function sorted({ linked, whole, calls, names, unused }, parts) {
  const module = read(whole);
  /** @type {{ name: string, module: string, params: number, results: number }[]} */
  const functions = each(module.getNumFunctions(), (index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  /** @type {{ name: string, value: string, kind: number }[]} */
  const allExports = each(module.getNumExports(), (index) => binaryen.getExportInfo(module.getExportByIndex(index)));
  const exports = allExports.filter(({ name }) => !unused.includes(name));
  const table = readTable(module);
  const byLinker = sortLinked(linked, parts);
  if (table.slots.size !== byLinker.slots.size)
    throw new Error('wasm-bindgen or wasm-opt has changed the size of the table');

  const longNames = new Map([...names].map(([long, short]) => [short, long]));
  /** @param {{ name: string }} exported */
  const ofExport = ({ name }) => partOf(longNames.get(name) ?? name, parts);
  /** @type {Map<string, Set<string>>} */
  const edges = new Map();
  for (const [, from, to] of calls.matchAll(/^ *"(.+)" -> "(.+)"; \/\/ call$/gm)) {
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  const owner = owners(
    edges,
    grouped([
      ...exports
        .filter(({ kind }) => kind === binaryen.ExternalFunction)
        .map((it) => /** @type {const} */ ([ofExport(it), it.value])),
      ...[...table.slots].map(([slot, name]) => /** @type {const} */ ([byLinker.slots.get(slot) ?? CORE, name])),
    ]),
  );
  return {
    functions: functions.map((it) => ({
      ...it,
      part: owner.get(it.name) ?? CORE,
      calls: edges.get(it.name) ?? /** @type {Set<string>} */ (new Set()),
    })),
    exports: exports.map((it) => ({ ...it, part: ofExport(it) })),
    unused,
    // A function that several parts need is in the core, and so is its table entry.
    slots: [...table.slots].map(([slot, name]) => ({ slot, name, part: owner.get(name) ?? CORE })),
    table,
    /** @type {{ name: string, type: number, mutable: boolean }[]} */
    globals: each(module.getNumGlobals(), (index) => binaryen.getGlobalInfo(module.getGlobalByIndex(index))),
    /** @type {{ name: string }[]} */
    tables: each(module.getNumTables(), (index) => binaryen.getTableInfo(module.getTableByIndex(index))),
    data: readData(module),
    ranges: byLinker.data,
    /** @type {number} */
    pages: module.getMemoryInfo().initial,
  };
}

/**
 * Removes what belongs to other parts, and writes the table. The data is written afterwards.
 * @param {any} module
 * @param {string} part
 * @param {View} view
 */
function keep(module, part, { functions, exports, unused, slots, table }) {
  for (const name of unused) module.removeExport(name);
  for (const it of exports) if (it.part !== part) module.removeExport(it.name);
  for (const it of functions) if (!it.module && it.part !== part) module.removeFunction(it.name);
  module.removeElementSegment(table.segment);
  fillTable(
    module,
    table.table,
    slots.filter((it) => it.part === part),
  );
}

/**
 * A part that imports the rest from the core.
 * @param {Buffer} whole
 * @param {string} part
 * @param {View} view
 * @param {(kind: Kind, name: string) => string} share exports something from the core, and returns the name of the export
 */
function follower(whole, part, view, share) {
  const module = read(whole);
  const needed = new Set(view.functions.filter((it) => it.part === part).flatMap((it) => [...it.calls]));
  keep(module, part, view);
  for (const { name, module: from, part: owner, params, results } of view.functions) {
    if (from || owner === part || !needed.has(name)) continue;
    module.addFunctionImport(name, CORE_MODULE, share('Function', name), params, results);
  }
  for (const { name, type, mutable } of view.globals) {
    module.removeGlobal(name);
    module.addGlobalImport(name, CORE_MODULE, share('Global', name), type, mutable);
  }
  for (const { name } of view.tables) module.addTableImport(name, CORE_MODULE, share('Table', name));
  setMemory(
    module,
    view.pages,
    cut(
      view.data,
      view.ranges.filter((range) => range.part === part),
    ),
  );
  module.addMemoryImport(MEMORY, CORE_MODULE, share('Memory', MEMORY), false);
  return write(module);
}

/**
 * Splits a module.
 * @param {Input} input
 * @param {PartExports} parts
 * @returns {Record<string, Buffer>} the bytes of the parts and of the core
 */
export function split(input, parts) {
  const view = sorted(input, parts);
  const core = read(input.whole);
  const used = new Set(view.exports.map(({ name }) => name));
  const free = ['', ...LETTERS]
    .flatMap((first) => LETTERS.map((last) => first + last))
    .filter((name) => !used.has(name));
  /** @type {Map<string, string>} */
  const shared = new Map(
    view.exports.filter(({ part }) => part === CORE).map(({ kind, value, name }) => [`${KINDS[kind]} ${value}`, name]),
  );
  /** @type {(kind: Kind, name: string) => string} */
  const share = (kind, name) => {
    const key = `${kind} ${name}`;
    const known = shared.get(key);
    if (known !== undefined) return known;
    const short = free.shift();
    if (short === undefined) throw new Error('there is no short name left');
    shared.set(key, short);
    core[`add${kind}Export`](name, short);
    return short;
  };
  // They compress better in the module's own order.
  const needed = new Set(view.functions.filter(({ part }) => part !== CORE).flatMap(({ calls }) => [...calls]));
  const inCore = view.functions.filter(({ name, module: from, part }) => !from && part === CORE && needed.has(name));
  for (const { name } of inCore) share('Function', name);
  const made = Object.keys(parts).map(
    (part) => /** @type {const} */ ([part, follower(input.whole, part, view, share)]),
  );
  keep(core, CORE, view);
  setMemory(core, view.pages, blanked(view.data, view.ranges));
  return Object.fromEntries([...made, [CORE, write(core)]]);
}
