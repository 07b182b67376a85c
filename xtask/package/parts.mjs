// Cuts a module into the core, which every page needs, and parts that follow when one of their exports is called. All of
// them share one memory and one table: to the Rust code it is one program.
//
// A part begins at the exports that are named for it. To it belongs what can be reached from there and from nowhere else,
// by calls, by the table of functions, and by data: nothing can call into a part that is not there yet.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { readReferences } from './references.mjs';

const path = createRequire(new URL('../../tests/package.json', import.meta.url)).resolve('binaryen');
const { default: binaryen } = await import(pathToFileURL(path));

/** The part that comes first; the others find in it what they need of it, as imports from this name. */
const CORE = 'core';
const CORE_MODULE = 'b';
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const { Features } = binaryen;
const FEATURES = Features.MutableGlobals | Features.SignExt | Features.NontrappingFPToInt | Features.BulkMemory
  | Features.BulkMemoryOpt | Features.ReferenceTypes | Features.SIMD128 | Features.Multivalue;

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
const isNamed = (exported, name) => exported === name || (exported.startsWith(`${name}_`) && /^[0-9a-f]+$/.test(exported.slice(name.length + 1)));

/** The part of an export, by `parts`: from a part to the names of its exports. */
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
  if (module.getNumElementSegments() !== 1) throw new Error('the module fills its table in a way that is not known here');
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
  rows.forEach(({ start, names }, row) => module.addActiveElementSegment(table, `row${row}`, names, module.i32.const(start)));
}

function readData(module) {
  return each(module.getNumDataSegments(), (index) => {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(index));
    return { start: offset, bytes: new Uint8Array(data) };
  });
}

/** The data with zeros in place of what `isWanted` does not want. */
function blanked(data, ranges, isWanted) {
  return data.map(({ start, bytes }) => {
    const kept = bytes.slice();
    for (const range of ranges) {
      if (!isWanted(range.part)) kept.fill(0, Math.max(range.start - start, 0), Math.max(range.end - start, 0));
    }
    return { start, bytes: kept };
  });
}

/** The data that lies in `ranges` alone. */
function cut(data, ranges) {
  return ranges.flatMap((range) => data
    .filter(({ start, bytes }) => start < range.end && range.start < start + bytes.length)
    .map(({ start, bytes }) => {
      const from = Math.max(range.start, start);
      return { start: from, bytes: bytes.subarray(from - start, range.end - start) };
    }));
}

function setMemory(module, pages, data, exported) {
  module.setMemory(pages, -1, exported, data.map(({ start, bytes }, index) => ({
    name: `data${index}`, offset: module.i32.const(start), data: bytes, passive: false,
  })), false, false, '0');
}

/**
 * @param linked the module as the linker made it, with `--emit-relocs` @param whole the same after wasm-bindgen and
 * wasm-opt @param calls what `wasm-opt --print-call-graph` says of the latter @param names of its exports: from those
 * that it had to those that it has
 * @param parts from the name of a part to the names that its exports had
 * @returns from the name of a part, the core too, to its bytes
 */
export function split({ linked, whole, calls, names }, parts) {
  const sorted = sortLinked(linked, parts);
  const core = read(whole);
  const functions = each(core.getNumFunctions(), (index) => binaryen.getFunctionInfo(core.getFunctionByIndex(index)));
  const exports = each(core.getNumExports(), (index) => binaryen.getExportInfo(core.getExportByIndex(index)));
  const globals = each(core.getNumGlobals(), (index) => binaryen.getGlobalInfo(core.getGlobalByIndex(index)));
  const tables = each(core.getNumTables(), (index) => binaryen.getTableInfo(core.getTableByIndex(index)));
  const { table, segment, slots } = readTable(core);
  const data = readData(core);
  const { initial } = core.getMemoryInfo();

  const edges = new Map();
  for (const [, from, to] of calls.matchAll(/^ *"(.+)" -> "(.+)"; \/\/ call$/gm)) {
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  const longNames = new Map([...names].map(([long, short]) => [short, long]));
  const ofExport = ({ name }) => partOf(longNames.get(name) ?? name, parts);
  const roots = grouped([
    ...exports.filter(({ kind }) => kind === binaryen.ExternalFunction).map((it) => [ofExport(it), it.value]),
    ...[...slots].map(([slot, name]) => [sorted.slots.get(slot), name]),
  ]);
  const owner = owners(edges, roots);
  const part = (name) => owner.get(name) ?? CORE;

  const used = new Set(exports.map(({ name }) => name));
  const free = ['', ...LETTERS].flatMap((first) => LETTERS.map((last) => first + last)).filter((name) => !used.has(name));
  /** What the core has to export for the others: from its name to the name of the export. */
  const shared = new Map();
  const share = (name, add) => {
    if (!shared.has(name)) {
      shared.set(name, free.shift());
      add(core, name, shared.get(name));
    }
    return shared.get(name);
  };

  const made = {};
  for (const name of Object.keys(parts)) {
    const module = read(whole);
    const own = functions.filter(({ name: it, module }) => !module && part(it) === name).map(({ name }) => name);
    const needed = new Set(own.flatMap((it) => [...(edges.get(it) ?? [])]));
    for (const it of exports) if (ofExport(it) !== name) module.removeExport(it.name);
    module.removeElementSegment(segment);
    for (const { name: it, module: from, params, results } of functions) {
      if (from || own.includes(it)) continue;
      module.removeFunction(it);
      if (needed.has(it)) {
        module.addFunctionImport(it, CORE_MODULE, share(it, (core, ...names) => core.addFunctionExport(...names)), params, results);
      }
    }
    for (const { name: it, type, mutable } of globals) {
      module.removeGlobal(it);
      module.addGlobalImport(it, CORE_MODULE, share(it, (core, ...names) => core.addGlobalExport(...names)), type, mutable);
    }
    for (const { name: it } of tables) {
      module.addTableImport(it, CORE_MODULE, share(`table ${it}`, (core, _, external) => core.addTableExport(it, external)));
    }
    setMemory(module, initial, cut(data, sorted.data.filter(({ part }) => part === name)), null);
    module.addMemoryImport('0', CORE_MODULE, share('memory', (core, _, external) => core.addMemoryExport('0', external)), false);
    fillTable(module, table, [...slots].filter(([slot]) => sorted.slots.get(slot) === name));
    made[name] = write(module);
  }

  for (const it of exports) if (ofExport(it) !== CORE) core.removeExport(it.name);
  core.removeElementSegment(segment);
  for (const { name: it, module: from } of functions) if (!from && part(it) !== CORE) core.removeFunction(it);
  setMemory(core, initial, blanked(data, sorted.data, (it) => it === CORE), null);
  fillTable(core, table, [...slots].filter(([slot]) => sorted.slots.get(slot) === CORE));
  made[CORE] = write(core);
  return made;
}
