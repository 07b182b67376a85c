// Folders of the site's build, and what a host of the site may set.

import { join } from 'node:path';

import { root } from './repository.mjs';

/** What the build makes on its way. */
export const work = join(root, 'target/site');
/** The Markdown as VitePress reads it. */
export const pages = join(work, 'pages');
/** rustdoc's output, if it was made. */
export const rustdoc = join(work, 'rust/doc');
/** The finished site. */
export const output = join(root, 'target/docs');

/**
 * The path of the site on its host, `/` unless DOCS_BASE names another one. A forge serves the pages of a project below
 * the project's name.
 */
export const base = `/${(process.env.DOCS_BASE ?? '').replace(/^\/+|\/+$/g, '')}/`.replace('//', '/');
