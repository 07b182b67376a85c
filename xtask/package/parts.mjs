// Splits a module into the core and parts that are loaded when they are needed. All of them share one memory and one table: for
// the Rust code it is one program.
//
// A part has named exports. It contains the functions, table entries and data that are reachable from these exports only. So the
// core cannot call into a part that is not loaded yet.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { readReferences } from './references.mjs';

const path = createRequire(new URL('../../tests/package.json', import.meta.url)).resolve('binaryen');
const { default: binaryen } = await import(pathToFileURL(path));

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

/** Kinds of exports by binaryen's numbers. */
const KINDS = Object.fromEntries(
  ['Function', 'Table', 'Memory', 'Global'].map((kind) => [binaryen[`External${kind}`], kind]),
);

const each = (count, get) => Array.from({ length: count }, (_, index) => get(index));

function read(wasm) {
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(2);
  const module = binaryen.readBinary(wasm);
  module.setFeatures(FEATURES);
  return module;
}

function write(module) {
  module.runPasses(['remove-unused-module-elements']);
  if (!module.validate()) throw new Error('a part of the module is not valid');
  return Buffer.from(module.emitBinary());
}

/** Everything that can be reached from `roots`. */
function reach(roots, edges) {
  const reached = new Set();
  const open = [...roots];
  while (open.length > 0) {
    const node = open.pop();
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...(edges.get(node) ?? []));
  }
  return reached;
}

/**
 * Maps each node to its part: the only one that reaches it, otherwise the core.
 * @param edges from a node to the nodes it refers to @param roots from a part, also the core, to its roots
 */
function owners(edges, roots) {
  const owner = new Map();
  for (const [part, begin] of roots) {
    for (const node of reach(begin, edges)) owner.set(node, owner.has(node) ? CORE : part);
  }
  return owner;
}

/** In the linked module wasm-bindgen's export names end in a hash. */
const isNamed = (exported, name) =>
  exported === name || (exported.startsWith(`${name}_`) && /^[0-9a-f]+$/.test(exported.slice(name.length + 1)));

const partOf = (exported, parts) =>
  Object.keys(parts).find((part) => parts[part].some((name) => isNamed(exported, name))) ?? CORE;

function grouped(pairs) {
  const groups = new Map([[CORE, []]]);
  for (const [group, member] of pairs) groups.set(group, [...(groups.get(group) ?? []), member]);
  return groups;
}

/** The parts of table entries and data in the linked module: `{slots: Map, data: [{part, start, end}]}`. */
function sortLinked(linked, parts) {
  const { edges, exports, slots, data } = readReferences(linked);
  const owner = owners(edges, grouped([...exports].map(([name, node]) => [partOf(name, parts), node])));
  const part = (node) => owner.get(node) ?? CORE;
  return {
    slots: new Map([...slots].map(([slot, node]) => [slot, part(node)])),
    data: [...data].map(([node, range]) => ({ part: part(node), ...range })),
  };
}

/** The table: `{table, segment, slots}`; `slots` maps an index to the name of a function. */
function readTable(module) {
  if (module.getNumElementSegments() !== 1)
    throw new Error('the module fills its table in a way that is not known here');
  const { name, table, offset, data } = binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(0));
  const base = binaryen.getExpressionInfo(offset).value;
  return { table, segment: name, slots: new Map(data.map((name, index) => [base + index, name])) };
}

/** Writes the table's entries: one segment for each run of indices without a gap. */
function fillTable(module, table, slots) {
  const rows = [];
  for (const [slot, name] of slots) {
    if (rows.at(-1)?.end !== slot) rows.push({ start: slot, end: slot, names: [] });
    const row = rows.at(-1);
    row.names.push(name);
    row.end += 1;
  }
  for (const [row, { start, names }] of rows.entries()) {
    module.addActiveElementSegment(table, `row${row}`, names, module.i32.const(start));
  }
}

function readData(module) {
  return each(module.getNumDataSegments(), (index) => {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(index));
    return { start: offset, bytes: new Uint8Array(data) };
  });
}

/** The core's data: zeros replace what belongs to the other parts. */
function blanked(data, ranges) {
  return data.map(({ start, bytes }) => {
    const within = ({ start: from, end }) => [from, end].map((at) => Math.min(Math.max(at - start, 0), bytes.length));
    const kept = bytes.slice();
    for (const range of ranges) if (range.part !== CORE) kept.fill(0, ...within(range));
    // The linker merges strings: the end of one may be another.
    for (const range of ranges) if (range.part === CORE) kept.set(bytes.subarray(...within(range)), within(range)[0]);
    return { start, bytes: kept };
  });
}

/** The data within `ranges`. */
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

/** The content of the module, with the part of each function, table entry and piece of data. */
function sorted({ linked, whole, calls, names, unused }, parts) {
  const module = read(whole);
  const functions = each(module.getNumFunctions(), (index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const exports = each(module.getNumExports(), (index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  ).filter(({ name }) => !unused.includes(name));
  const table = readTable(module);
  const byLinker = sortLinked(linked, parts);
  if (table.slots.size !== byLinker.slots.size) throw new Error('the table is not as the linker made it');

  const longNames = new Map([...names].map(([long, short]) => [short, long]));
  const ofExport = ({ name }) => partOf(longNames.get(name) ?? name, parts);
  const edges = new Map();
  for (const [, from, to] of calls.matchAll(/^ *"(.+)" -> "(.+)"; \/\/ call$/gm)) {
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  const owner = owners(
    edges,
    grouped([
      ...exports.filter(({ kind }) => kind === binaryen.ExternalFunction).map((it) => [ofExport(it), it.value]),
      ...[...table.slots].map(([slot, name]) => [byLinker.slots.get(slot), name]),
    ]),
  );
  return {
    functions: functions.map((it) => ({
      ...it,
      part: owner.get(it.name) ?? CORE,
      calls: edges.get(it.name) ?? new Set(),
    })),
    exports: exports.map((it) => ({ ...it, part: ofExport(it) })),
    unused,
    // A function that several parts need is in the core, and so is its table entry.
    slots: [...table.slots].map(([slot, name]) => ({ slot, name, part: owner.get(name) ?? CORE })),
    table,
    globals: each(module.getNumGlobals(), (index) => binaryen.getGlobalInfo(module.getGlobalByIndex(index))),
    tables: each(module.getNumTables(), (index) => binaryen.getTableInfo(module.getTableByIndex(index))),
    data: readData(module),
    ranges: byLinker.data,
    pages: module.getMemoryInfo().initial,
  };
}

/** Removes what belongs to other parts. Data and table are written afterwards. */
function keep(module, part, { functions, exports, unused, slots, table }) {
  for (const name of unused) module.removeExport(name);
  for (const it of exports) if (it.part !== part) module.removeExport(it.name);
  for (const it of functions) if (!it.module && it.part !== part) module.removeFunction(it.name);
  module.removeElementSegment(table.segment);
  fillTable(
    module,
    table.table,
    slots.filter((it) => it.part === part).map(({ slot, name }) => [slot, name]),
  );
}

/** A part that imports the rest from the core. `share(kind, name)` exports it there and returns the name of the export. */
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
 * @param input `linked`: the linker's output, with `--emit-relocs`; `whole`: the same after wasm-bindgen and wasm-opt; `calls`:
 * the output of `wasm-opt --print-call-graph` for it; `names`: from the original name of an export to its short one; `unused`:
 * short names of exports without a use
 * @param parts from the name of a part to the original names of its exports
 * @returns from the name of a part, also the core, to its bytes
 */
export function split(input, parts) {
  const view = sorted(input, parts);
  const core = read(input.whole);
  const used = new Set(view.exports.map(({ name }) => name));
  const free = ['', ...LETTERS]
    .flatMap((first) => LETTERS.map((last) => first + last))
    .filter((name) => !used.has(name));
  const shared = new Map(
    view.exports.filter(({ part }) => part === CORE).map(({ kind, value, name }) => [`${KINDS[kind]} ${value}`, name]),
  );
  const share = (kind, name) => {
    const key = `${kind} ${name}`;
    if (!shared.has(key)) {
      shared.set(key, free.shift());
      core[`add${kind}Export`](name, shared.get(key));
    }
    return shared.get(key);
  };
  // They compress better in the module's own order.
  const needed = new Set(view.functions.filter(({ part }) => part !== CORE).flatMap(({ calls }) => [...calls]));
  const inCore = view.functions.filter(({ name, module: from, part }) => !from && part === CORE && needed.has(name));
  for (const { name } of inCore) share('Function', name);
  const made = Object.keys(parts).map((part) => [part, follower(input.whole, part, view, share)]);
  keep(core, CORE, view);
  setMemory(core, view.pages, blanked(view.data, view.ranges));
  return Object.fromEntries([...made, [CORE, write(core)]]);
}
