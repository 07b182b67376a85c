// VitePress's settings. What the site shows is in `navigation.mjs`, how Markdown becomes a page in `markdown`.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { defineConfig } from 'vitepress';

import { extend } from '../markdown/index.mjs';
import { anchorOf } from '../markdown/headings.mjs';
import { CHANGELOG, SECTIONS, addressOf } from '../navigation.mjs';
import { entries } from '../reference.mjs';
import { repository, root } from '../repository.mjs';
import { base, output, pages, work } from '../settings.mjs';
import { headingOf } from '../title.mjs';

const { resolve } = createRequire(import.meta.url);

/** @param {import('../navigation.mjs').SitePage} page */
const item = ({ source, label }) => ({ text: label ?? headingOf(join(root, source)), link: `/${addressOf(source)}` });

const sections = SECTIONS.map(({ title, pages: listed }) => ({
  text: title,
  collapsed: true,
  items: listed.map(item),
}));

const reference = {
  text: 'Reference',
  collapsed: true,
  items: [...entries, { text: 'Rust crates', link: '/rust' }, item(CHANGELOG)],
};

const sidebar = [...sections.slice(0, -1), reference, ...sections.slice(-1)];

/** In VitePress's navigation the arrow of a section is a button in a button, of which a screen reader names only one. */
const oneButton = {
  name: 'one-button-for-a-section',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/VPSidebarItem.vue')) return undefined;
    const changed = code.replace(
      /(class="caret")\s+role="button"\s+aria-label="toggle section"([\s\S]*?)\s+tabindex="0"/,
      '$1$2',
    );
    if (changed === code) throw new Error('VPSidebarItem.vue is another than site/.vitepress/config.mjs expects');
    return changed;
  },
};

export default defineConfig({
  srcDir: pages,
  outDir: output,
  cacheDir: join(work, 'cache'),
  base,
  lang: 'en',
  title: 'authress-login-wasm',
  description: 'Anonymous login for storefronts with Authress',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}logo.svg` }]],
  // rustdoc's pages, which are copied beside those of VitePress.
  ignoreDeadLinks: [/^\/rust\//],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: anchorOf },
    config: extend,
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    siteTitle: 'authress-login',
    nav: [
      { text: 'Error codes', link: '/errors' },
      { text: 'Reference', link: '/api/client' },
      { text: 'Changelog', link: `/${addressOf(CHANGELOG.source)}` },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: repository === undefined ? [] : [{ icon: 'github', link: repository }],
    editLink:
      repository === undefined
        ? undefined
        : { pattern: ({ frontmatter }) => frontmatter.editUrl, text: 'Change this page' },
    footer: { message: 'Apache-2.0' },
  },
  vite: {
    plugins: [oneButton],
    // The pages stand outside of this folder, where its packages are not found from.
    resolve: {
      alias: [
        {
          find: /^vue\/server-renderer$/,
          replacement: join(dirname(resolve('vue/package.json')), 'server-renderer/index.mjs'),
        },
        { find: /^vue$/, replacement: join(dirname(resolve('vue/package.json')), 'dist/vue.runtime.esm-bundler.js') },
      ],
    },
  },
});
