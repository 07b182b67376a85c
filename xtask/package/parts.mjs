// Cuts a module into the core, which every page needs, and parts that follow when they are needed. All of them share one
// memory and one table: to the Rust code it is one program.
//
// A part begins at the exports that are named for it. To it belongs what can be reached from there and from nowhere else, by
// calls, by the table of functions, and by data. So nothing can call into a part that is not there yet.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { readReferences } from './references.mjs';

const path = createRequire(new URL('../../tests/package.json', import.meta.url)).resolve('binaryen');
const { default: binaryen } = await import(pathToFileURL(path));

/** The part that comes first; the others find in it what they need of it, as imports from this name. */
const CORE = 'core';
const CORE_MODULE = 'b';
/** The name of the memory, as binaryen reads it. */
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

/** Kinds of exports, by binaryen's numbers for them. */
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
 * From each node to its part: the one that alone needs it, otherwise the core.
 * @param edges from a node to all it refers to @param roots from a part, the core too, to where it begins
 */
function owners(edges, roots) {
  const owner = new Map();
  for (const [part, begin] of roots) {
    for (const node of reach(begin, edges)) owner.set(node, owner.has(node) ? CORE : part);
  }
  return owner;
}

/** wasm-bindgen has hashes at the end of names until it is done with a module. */
const isNamed = (exported, name) =>
  exported === name || (exported.startsWith(`${name}_`) && /^[0-9a-f]+$/.test(exported.slice(name.length + 1)));

const partOf = (exported, parts) =>
  Object.keys(parts).find((part) => parts[part].some((name) => isNamed(exported, name))) ?? CORE;

function grouped(pairs) {
  const groups = new Map([[CORE, []]]);
  for (const [group, member] of pairs) groups.set(group, [...(groups.get(group) ?? []), member]);
  return groups;
}

/** What of the table and of the data belongs to which part: `{slots: Map, data: [{part, start, end}]}`. */
function sortLinked(linked, parts) {
  const { edges, exports, slots, data } = readReferences(linked);
  const owner = owners(edges, grouped([...exports].map(([name, node]) => [partOf(name, parts), node])));
  const part = (node) => owner.get(node) ?? CORE;
  return {
    slots: new Map([...slots].map(([slot, node]) => [slot, part(node)])),
    data: [...data].map(([node, range]) => ({ part: part(node), ...range })),
  };
}

/** The table's functions: `{table, segment, slots}`, from a place to a name. */
function readTable(module) {
  if (module.getNumElementSegments() !== 1)
    throw new Error('the module fills its table in a way that is not known here');
  const { name, table, offset, data } = binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(0));
  const base = binaryen.getExpressionInfo(offset).value;
  return { table, segment: name, slots: new Map(data.map((name, index) => [base + index, name])) };
}

/** Fills the table anew: a segment for each row of places without a gap. */
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

/** The data with zeros in place of what only other parts than the core need. */
function blanked(data, ranges) {
  return data.map(({ start, bytes }) => {
    const within = ({ start: from, end }) => [from, end].map((at) => Math.min(Math.max(at - start, 0), bytes.length));
    const kept = bytes.slice();
    for (const range of ranges) if (range.part !== CORE) kept.fill(0, ...within(range));
    // The end of one text may be another text.
    for (const range of ranges) if (range.part === CORE) kept.set(bytes.subarray(...within(range)), within(range)[0]);
    return { start, bytes: kept };
  });
}

/** The data that lies in `ranges` alone. */
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

/** What is in the module, and to which part each function, each place in the table and each piece of data belongs. */
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
    // A function that more than one part needs is in the core, and so is its place in the table.
    slots: [...table.slots].map(([slot, name]) => ({ slot, name, part: owner.get(name) ?? CORE })),
    table,
    globals: each(module.getNumGlobals(), (index) => binaryen.getGlobalInfo(module.getGlobalByIndex(index))),
    tables: each(module.getNumTables(), (index) => binaryen.getTableInfo(module.getTableByIndex(index))),
    data: readData(module),
    ranges: byLinker.data,
    pages: module.getMemoryInfo().initial,
  };
}

/** Leaves in the module what is this part's own; data and table are to be filled again. */
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

/** A part that finds the rest in the core; `share(kind, name)` exports it there and gives the name of the export. */
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
 * @param input `linked`: the module as the linker made it, with `--emit-relocs`; `whole`: the same after wasm-bindgen and
 * wasm-opt; `calls`: what `wasm-opt --print-call-graph` says of the latter; `names`: of its exports, from those that
 * they had to those that they have; `unused`: exports without a use
 * @param parts from the name of a part to the exports where it begins, by the names that they had
 * @returns from the name of a part, the core too, to its bytes
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
  // In the module's own order they compress better.
  const needed = new Set(view.functions.filter(({ part }) => part !== CORE).flatMap(({ calls }) => [...calls]));
  const inCore = view.functions.filter(({ name, module: from, part }) => !from && part === CORE && needed.has(name));
  for (const { name } of inCore) share('Function', name);
  const made = Object.keys(parts).map((part) => [part, follower(input.whole, part, view, share)]);
  keep(core, CORE, view);
  setMemory(core, view.pages, blanked(view.data, view.ranges));
  return Object.fromEntries([...made, [CORE, write(core)]]);
}
