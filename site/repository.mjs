// Where the source of a page is: a path in this repository, and its address on the code forge once there is one.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

import { addressOf, allPages } from './navigation.mjs';

/** The repository's root folder. */
export const root = dirname(fileURLToPath(new URL('.', import.meta.url)));

/** @type {{ repository?: string | { url: string } }} */
const manifest = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));

/**
 * The repository's address for browsers, from `repository` in pkg/package.json: there it is set once before the first
 * release (RELEASING.md). Without it the site links to no source file.
 */
export const repository = addressFor(manifest.repository);

/** @param {typeof manifest.repository} value */
export function addressFor(value) {
  const url = typeof value === 'string' ? value : value?.url;
  const web = url?.replace(/^git\+/, '').replace(/\.git$/, '');
  return web !== undefined && URL.canParse(web) && web.startsWith('https:') ? web : undefined;
}

/** @type {Map<string, string>} */
const addresses = new Map(allPages().map(({ source }) => [source, addressOf(source)]));

/**
 * What a link of a page leads to.
 * @typedef {{ page: string } | { source: string, url: string | undefined } | { other: string }} Target
 */

/**
 * Resolves a link as the forge does, which shows the file itself.
 * @param {string} href as in the Markdown
 * @param {string} source the file in which it stands
 * @returns {Target}
 */
export function resolve(href, source) {
  if (href.startsWith('#') || /^[a-z][a-z+.-]*:/i.test(href)) return { other: href };
  const [path = '', anchor] = href.split('#');
  const file = posix.normalize(posix.join(posix.dirname(source), decodeURI(path))).replace(/\/$/, '');
  const isFolder = existsSync(join(root, file)) && statSync(join(root, file)).isDirectory();
  // The forge shows a folder's README below its list of files.
  const address = addresses.get(isFolder ? posix.join(file, 'README.md') : file);
  if (address !== undefined) return { page: `/${address}.html${anchor === undefined ? '' : `#${anchor}`}` };
  const view = isFolder ? 'tree' : 'blob';
  const url = repository && `${repository}/${view}/main/${file}${anchor === undefined ? '' : `#${anchor}`}`;
  return { source: file, url };
}
