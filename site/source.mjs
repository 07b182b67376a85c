// From a page of the site to the file that it shows.

import { addressOf, allPages } from './navigation.mjs';

const sources = new Map(allPages().map(({ source }) => [`${addressOf(source)}.md`, source]));
// The page of the site alone.
sources.set('index.md', 'site/home.md');

/**
 * The file of the repository that a page shows; `undefined` for a generated one.
 * @param {string} page the page's file, as VitePress names it
 */
export const sourceOf = (page) => sources.get(page);
