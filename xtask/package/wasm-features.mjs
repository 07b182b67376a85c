// Features that the compiler uses by default, and that the supported browsers and Node.js 20 have. wasm-opt refuses a module
// with others.
export const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];
