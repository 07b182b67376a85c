// Takes back what a module says about the features it was compiled with.
//
// wasm-bindgen keeps JavaScript values in a second table where a module says that it has reference
// types, and wasm2js knows one table only. Nothing in the code changes: none of it uses them by itself.
import { customSection, withoutCustomSections } from './sections.mjs';

const NAME = 'target_features';

/** The module, claiming no feature but mutable globals, which wasm-bindgen needs for its stack. */
export function withoutFeatures(module) {
  const feature = 'mutable-globals';
  const features = Buffer.concat([
    Buffer.from([1]),
    Buffer.from('+'),
    Buffer.from([feature.length]),
    Buffer.from(feature),
  ]);
  return withoutCustomSections(module, (name) => name === NAME, customSection(NAME, features));
}
