// VitePress's own theme without its fonts, in this project's colours.

import Theme from 'vitepress/theme-without-fonts';

import { Drawing } from './drawing.js';
import './style.css';

export default {
  extends: Theme,
  enhanceApp({ app }) {
    app.component('Drawing', Drawing);
  },
};
