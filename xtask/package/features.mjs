// Takes back what a module says about the features it was compiled with.
//
// wasm-bindgen keeps JavaScript values in a second table where a module says that it has reference
// types, and wasm2js knows one table only. Nothing in the code changes: none of it uses them by itself.

const CUSTOM_SECTION = 0;
const HEADER_LENGTH = 8;
const NAME = 'target_features';

function readLength(bytes, at) {
  let length = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    length |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return { length: length >>> 0, end: at + 1 };
  }
}

/** The module, claiming no feature but mutable globals, which wasm-bindgen needs for its stack. */
export function withoutFeatures(module) {
  const kept = [module.subarray(0, HEADER_LENGTH)];
  for (let at = HEADER_LENGTH; at < module.length;) {
    const { length, end } = readLength(module, at + 1);
    const name = readLength(module, end);
    const isFeatures = module[at] === CUSTOM_SECTION && module.toString('latin1', name.end, name.end + name.length) === NAME;
    if (!isFeatures) kept.push(module.subarray(at, end + length));
    at = end + length;
  }
  const text = (word) => String.fromCharCode(word.length) + word;
  const section = Buffer.from(`${text(NAME)}\u0001+${text('mutable-globals')}`, 'latin1');
  return Buffer.concat([...kept, Buffer.from([CUSTOM_SECTION, section.length]), section]);
}
