// Rust and TOML are checked by cargo; here is checked that cargo finds them.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { workspace } from '../pages.mjs';

/** @import { Block } from '../pages.mjs' */

/** The pages that a crate includes, whose blocks rustdoc compiles. */
const included = new Set(
  ['crates', 'examples'].flatMap((folder) =>
    readdirSync(join(workspace, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?:^|\/)src\/.*\.rs$/.test(file) && !/(?:^|\/)target\//.test(file))
      .flatMap((file) => {
        const path = join(workspace, folder, file);
        const includes = readFileSync(path, 'utf8').matchAll(/doc = include_str!\("([^"]+\.md)"\)/g);
        return [...includes].map(([, page]) => relative(workspace, join(dirname(path), page)));
      }),
  ),
);

const NOT_COMPILED = new Set(['ignore', 'text']);

/** @param {Block} block */
export function rustFaults({ page, words }) {
  const word = words.find((name) => NOT_COMPILED.has(name));
  if (word !== undefined) return [`"${word}" would leave it uncompiled: write \`rust,no_run\` if it cannot run`];
  if (included.has(page)) return [];
  return [
    `no crate includes ${page}, so nothing compiles this: add the page to crates/documentation/src/lib.rs. A part of a ` +
      'file of this repository has the path of the file after the language instead',
  ];
}

/** @param {Block} block */
export function tomlFaults({ words }) {
  return words.length === 1
    ? []
    : [
        'the name of the file is missing after `toml`, such as `toml verifier.toml`: by it the test knows whose settings ' +
          'these are (crates/documentation/tests/settings.rs)',
      ];
}
