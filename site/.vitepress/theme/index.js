// VitePress's own theme without its fonts, in this project's colours.

import Theme, { VPHomeFeatures, VPHomeHero } from 'vitepress/theme-without-fonts';
import { withBase } from 'vitepress';
import { h } from 'vue';

import { Drawing } from './drawing.js';
import './style.css';

// VitePress's own first page and error page have no landmark `main`.
const HomePage = () => h('main', { class: 'VPHome' }, [h(VPHomeHero), h(VPHomeFeatures)]);

const NotFound = () =>
  h('main', { class: 'not-found' }, [
    h('h1', 'There is no such page'),
    h('p', [
      'The address may be of an older version. ',
      h('a', { href: withBase('/') }, 'Start at the first page'),
      ', or use the search.',
    ]),
  ]);

export default {
  extends: Theme,
  Layout: () => h(Theme.Layout, null, { 'not-found': () => h(NotFound) }),
  enhanceApp({ app }) {
    app.component('Drawing', Drawing);
    app.component('HomePage', HomePage);
  },
};
