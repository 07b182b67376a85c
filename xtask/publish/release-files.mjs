// The files of a release, compared with their sums.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const SUMS = 'SHA256SUMS';

/**
 * @typedef {object} ReleaseFile
 * @property {string} name of the file, without a folder
 * @property {string} path
 * @property {string} sha256 as hexadecimal digits
 */

/**
 * Reads SHA256SUMS of a folder. Fails if a file is missing or has other bytes, or a file to publish has no sum.
 * @param {string} folder
 * @returns {ReleaseFile[]}
 */
export function releaseFiles(folder) {
  if (!existsSync(join(folder, SUMS)))
    throw new Error(
      `${folder} has no ${SUMS}; cargo xtask release --dry-run VERSION writes it, in its check release-files`,
    );
  const lines = readFileSync(join(folder, SUMS), 'utf8').split('\n').filter(Boolean);
  const files = lines.map((line) => {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (!name || basename(name) !== name) throw new Error(`${SUMS} has an invalid line: ${line}`);
    return { name, sha256, path: join(folder, name) };
  });
  for (const { name, path, sha256 } of files) {
    const found = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (found !== sha256) throw new Error(`${name} is not the file that ${SUMS} names: its SHA-256 is ${found}`);
  }
  const listed = new Set(files.map(({ name }) => name));
  const unlisted = readdirSync(folder).find((name) => /\.(?:crate|tgz)$/.test(name) && !listed.has(name));
  if (unlisted) throw new Error(`${SUMS} does not name ${unlisted}`);
  return files;
}

/**
 * The files with this ending. A release has some of each kind.
 * @param {ReleaseFile[]} files
 * @param {string} ending
 */
export function withEnding(files, ending) {
  const found = files.filter(({ name }) => name.endsWith(ending));
  if (found.length === 0) throw new Error(`${SUMS} names no file *${ending}`);
  return found;
}
