// Removes the features that a module declares.
//
// wasm-bindgen keeps JavaScript values in a second table if a module declares reference types, and wasm2js supports one table
// only. The code does not change: it uses no reference types itself.
import { customSection, withoutCustomSections } from './sections.mjs';

const NAME = 'target_features';

/**
 * The module with the only feature `mutable-globals`, which wasm-bindgen needs for its stack.
 * @param {Buffer} module
 */
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
