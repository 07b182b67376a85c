// The part of the build that reads and rewrites WebAssembly and wasm-bindgen's JavaScript: xtask/package. The modules here are
// small and made by hand; an unknown form must fail.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { withoutFeatures } from '../../xtask/package/features.mjs';
import { makeFactory, unusedExports } from '../../xtask/package/glue.mjs';
import { split } from '../../xtask/package/parts.mjs';
import { readReferences, withoutReferences } from '../../xtask/package/references.mjs';
import { Reader, customSection, sections, withoutCustomSections } from '../../xtask/package/sections.mjs';

const HEADER = [0, 97, 115, 109, 1, 0, 0, 0];
const I32 = 0x7f;
const [TYPE, FUNCTION, TABLE, MEMORY, EXPORT, ELEMENT, CODE, DATA] = [1, 3, 4, 5, 7, 9, 10, 11];

/** @typedef {[memory: string, coreCall: string, accountCall: string]} Names */
/** @typedef {[type: number, at: number, symbol: number, addend?: number]} Relocation with the place in the code */

/**
 * An unsigned number as LEB128.
 * @param {number} value
 */
function leb(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
/**
 * An unsigned number as signed LEB128.
 * @param {number} value
 */
function signedLeb(value) {
  const bytes = leb(value);
  const last = Number(bytes.at(-1));
  return last & 0x40 ? [...bytes.slice(0, -1), last | 0x80, 0] : bytes;
}
/** @type {(items: number[][]) => number[]} */
const list = (items) => [...leb(items.length), ...items.flat()];
/** @type {(string: string) => number[]} */
const text = (string) => [...leb(string.length), ...Buffer.from(string)];
/** @type {(id: number, content: number[]) => number[]} */
const section = (id, content) => [id, ...leb(content.length), ...content];
/** @type {(name: string, content: number[]) => number[]} */
const custom = (name, content) => section(0, [...text(name), ...content]);
/** @type {(value: number) => number[]} */
const constant = (value) => [0x41, ...signedLeb(value)];

/**
 * A function body without locals.
 * @type {(code: number[]) => number[]}
 */
const body = (code) => [...leb(code.length + 2), 0, ...code, 0x0b];

const SHARED_TEXT = 1028;
const OWN_TEXT = 1024;
/**
 * Four functions: `shared`, which `core_call` and `account_call` call, and `own`, which `account_call` alone calls. `shared`
 * reads one piece of data, `own` another one. The table has `core_call` and `own`.
 */
const BODIES = [
  body([...constant(SHARED_TEXT), 0x28, 2, 0]),
  body([0x10, 0]),
  body([0x10, 0, 0x10, 3, 0x6a]),
  body([...constant(OWN_TEXT), 0x28, 2, 0]),
];
/** @type {(names: Names) => number[]} */
const moduleWith = ([memory, coreCall, accountCall]) => [
  ...HEADER,
  ...section(TYPE, list([[0x60, 0, 1, I32]])),
  ...section(FUNCTION, list([0, 0, 0, 0].map((type) => [type]))),
  ...section(TABLE, list([[0x70, 0, 3]])),
  ...section(MEMORY, list([[0, 1]])),
  ...section(
    EXPORT,
    list([
      [...text(memory), 2, 0],
      [...text(coreCall), 0, 1],
      [...text(accountCall), 0, 2],
    ]),
  ),
  ...section(ELEMENT, list([[0, ...constant(1), 0x0b, ...list([[1], [3]])]])),
  ...section(CODE, list(BODIES)),
  ...section(DATA, list([[0, ...constant(OWN_TEXT), 0x0b, ...list([5, 0, 0, 0, 7, 0, 0, 0].map((byte) => [byte]))]])),
];
/** @type {Names} */
const NAMES = ['memory', 'core_call', 'account_call'];
const MODULE = moduleWith(NAMES);

/**
 * The place of a function's first operand in the section of code.
 * @param {number} index
 */
const operandOf = (index) => 1 + BODIES.slice(0, index).flat().length + 3;

/**
 * The module with the linker's sections.
 * @param {Relocation[]} relocations
 */
function linked(relocations) {
  const functions = BODIES.map((_, index) => [0, 0, ...leb(index), ...text(`f${index}`)]);
  const data = [
    [1, 0, ...text('OWN'), 0, 0, 4],
    [1, 0, ...text('SHARED'), 0, 4, 4],
  ];
  const symbols = list([...functions, ...data]);
  const entries = relocations.map(([type, at, symbol, addend]) => [
    type,
    ...leb(at),
    ...leb(symbol),
    ...(addend === undefined ? [] : leb(addend)),
  ]);
  const codeSection = 6;
  return Buffer.from([
    ...MODULE,
    ...custom('linking', [2, 8, ...leb(symbols.length), ...symbols]),
    ...custom('reloc.CODE', [...leb(codeSection), ...list(entries)]),
  ]);
}

const [FUNCTION_INDEX, MEMORY_ADDRESS] = [0, 4];
const [OWN, SHARED] = [4, 5];
/** @type {Relocation[]} */
const RELOCATIONS = [
  [MEMORY_ADDRESS, operandOf(0), SHARED, 0],
  [FUNCTION_INDEX, operandOf(1), 0],
  [FUNCTION_INDEX, operandOf(2), 0],
  [FUNCTION_INDEX, operandOf(2) + 2, 3],
  [MEMORY_ADDRESS, operandOf(3), OWN, 0],
];

describe('sections', () => {
  test('are read with their names, and the module is valid', () => {
    assert.ok(WebAssembly.validate(Buffer.from(MODULE)));
    const found = [...sections(linked(RELOCATIONS))].map(({ id, name }) => name ?? id);
    assert.deepEqual(found, [TYPE, FUNCTION, TABLE, MEMORY, EXPORT, ELEMENT, CODE, DATA, 'linking', 'reloc.CODE']);
  });

  test('that are custom are added and taken away', () => {
    const module = Buffer.concat([Buffer.from(MODULE), customSection('build', Buffer.from('abc'))]);
    const [build] = WebAssembly.Module.customSections(new WebAssembly.Module(module), 'build');
    assert.equal(Buffer.from(build).toString(), 'abc');
    assert.deepEqual([...withoutCustomSections(module, (name) => name === 'build')], MODULE);
  });

  test('have integers of LEB128, and an end', () => {
    /** @param {...number} bytes */
    const read = (...bytes) => new Reader(Buffer.from(bytes));
    assert.equal(read(0xe5, 0x8e, 0x26).unsigned(), 624485);
    assert.equal(read(0xff, 0xff, 0xff, 0xff, 0x0f).unsigned(), 2 ** 32 - 1);
    assert.equal(read(0xc0, 0xbb, 0x78).signed(), -123456);
    assert.equal(read(0x80, 0x80, 0x80, 0x80, 0x78).signed(), -(2 ** 31));
    assert.throws(() => read(0x80).unsigned(), /ends too early/);
  });

  test('say no more about features than what wasm-bindgen needs', () => {
    const module = withoutFeatures(Buffer.from([...MODULE, ...custom('target_features', [1, 43, ...text('simd128')])]));
    const features = WebAssembly.Module.customSections(new WebAssembly.Module(module), 'target_features');
    assert.equal(features.length, 1);
    assert.equal(Buffer.from(features[0]).toString('latin1'), '\x01+\x0fmutable-globals');
  });
});

describe('the references of a linked module', () => {
  test('lead from functions to functions and data', () => {
    const { edges, exports, slots, data } = readReferences(linked(RELOCATIONS));
    assert.deepEqual(Object.fromEntries([...edges].map(([from, to]) => [from, [...to]])), {
      0: ['d5'],
      1: [0],
      2: [0, 3],
      3: ['d4'],
    });
    assert.deepEqual(
      [...exports],
      [
        ['core_call', 1],
        ['account_call', 2],
      ],
    );
    assert.deepEqual(
      [...slots],
      [
        [1, 1],
        [2, 3],
      ],
    );
    assert.deepEqual(
      [...data],
      [
        ['d4', { name: 'OWN', start: OWN_TEXT, end: OWN_TEXT + 4 }],
        ['d5', { name: 'SHARED', start: SHARED_TEXT, end: SHARED_TEXT + 4 }],
      ],
    );
  });

  test('are taken away without a trace', () => {
    assert.deepEqual([...withoutReferences(linked(RELOCATIONS))], MODULE);
  });

  test('of an unknown form are refused', () => {
    assert.throws(() => readReferences(Buffer.from(MODULE)), /without --emit-relocs/);
    assert.throws(() => readReferences(linked([[99, operandOf(1), 0]])), /relocation of type 99/);
    assert.throws(() => readReferences(linked([[FUNCTION_INDEX, 10_000, 0]])), /outside of all functions and data/);
    assert.throws(() => readReferences(linked([[FUNCTION_INDEX, operandOf(1), OWN]])), /relocation of type 0/);
  });
});

describe('a module in parts', () => {
  const CALLS = ['"1" -> "0"', '"2" -> "0"', '"2" -> "3"'].map((call) => `  ${call}; // call`).join('\n');
  const names = new Map(NAMES.map((name, index) => [name, 'mca'[index]]));
  const parts = split(
    {
      linked: linked(RELOCATIONS),
      whole: Buffer.from(moduleWith(/** @type {Names} */ ([...names.values()]))),
      calls: CALLS,
      names,
      unused: [],
    },
    { account: ['account_call'] },
  );
  /** @type {(bytes: any, imports: any) => any} */
  const instance = (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;

  test('works without the part that is not there', () => {
    const core = instance(parts.core, {});
    assert.equal(core.c(), 7);
    assert.equal(core.a, undefined);
    assert.deepEqual(
      [...new Uint8Array(core.m.buffer, OWN_TEXT, 8)],
      [0, 0, 0, 0, 7, 0, 0, 0],
      'its data is not there',
    );
  });

  test('is whole once the part has come: it shares memory, table and functions', () => {
    const core = instance(parts.core, {});
    const account = instance(parts.account, { b: core });
    assert.equal(account.a(), 12);
    assert.equal(account.c, undefined);
    assert.deepEqual([...new Uint8Array(core.m.buffer, OWN_TEXT, 8)], [5, 0, 0, 0, 7, 0, 0, 0]);
  });
});

describe('the glue', () => {
  const GLUE = `export class Client {
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_client_free(ptr, 0);
    }
    go() {
        return wasm.client_go();
    }
}
if (Symbol.dispose) Client.prototype[Symbol.dispose] = Client.prototype.free;

export function __wbg_now_0123456789abcdef() {
    return 5;
}

let wasm;
export function __wbg_set_wasm(val) {
    wasm = val;
}
`;
  /**
   * The default export of a module.
   * @param {string} code
   */
  const evaluate = async (code) => (await import(`data:text/javascript,${encodeURIComponent(code)}`)).default;

  test('is made anew for every instance', async () => {
    const make = await evaluate(makeFactory(GLUE, 'account_call'));
    const [first, second] = [make(), make()];
    first.__wbg_set_wasm({ client_go: () => 1, account_call: () => {} });
    second.__wbg_set_wasm({ client_go: () => 2, __wbindgen_start: () => 'started' });
    assert.deepEqual([new first.Client().go(), new second.Client().go()], [1, 2]);
    assert.deepEqual([first.isWhole(), second.isWhole()], [true, false]);
    assert.deepEqual([first.start(), second.start()], [undefined, 'started']);
    assert.equal('free' in first.Client.prototype, false);
  });

  test('has the short names that the module has', async () => {
    const names = { imports: new Map([['__wbg_now_0123456789abcdef', 'x']]), exports: new Map([['client_go', 'g']]) };
    const glue = (await evaluate(makeFactory(GLUE, 'account_call', names)))();
    glue.__wbg_set_wasm({ g: () => 3 });
    assert.deepEqual([glue.x(), new glue.Client().go()], [5, 3]);
  });

  test('says which exports of the module it does not use', () => {
    assert.deepEqual(unusedExports(GLUE, ['client_go', '__wbg_client_free', '__wbindgen_start', 'other']), [
      '__wbg_client_free',
      'other',
    ]);
  });

  test('of an unknown form is refused', () => {
    assert.throws(() => makeFactory(`import * as x from 'y';\n${GLUE}`, 'x'), /imports or exports of an unknown form/);
    assert.throws(() => makeFactory(`${GLUE}export default 5;\n`, 'x'), /imports or exports of an unknown form/);
    assert.throws(
      () => makeFactory(`${GLUE}const ClientFinalization2 = 5, more = ClientFinalization;\n`, 'x'),
      /frees classes/,
    );
    const names = { imports: new Map([['__wbg_missing', 'm']]), exports: new Map() };
    assert.throws(() => makeFactory(GLUE, 'x', names), /imports __wbg_missing/);
  });
});
