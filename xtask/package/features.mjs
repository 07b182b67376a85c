// Rewrites the custom section `target_features` for the JavaScript form.
//
// wasm-bindgen keeps JavaScript values in a second table if the module declares reference types, and wasm2js supports one
// table only. The code itself does not change: it uses none of these features.
import { customSection, withoutCustomSections } from './sections.mjs';

const NAME = 'target_features';

/** The module with mutable globals as its only feature; wasm-bindgen needs them for its stack. */
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
