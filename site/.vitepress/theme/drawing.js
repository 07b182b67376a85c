// A drawing in Mermaid's language: its picture, and below it the text that it was made of.

import { useData, withBase } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

/** Mermaid's modules, which only a page with a drawing loads; see `prepare.mjs`. */
const load = async () => (await import(/* @vite-ignore */ withBase('/mermaid/mermaid.esm.min.js'))).default;

/** Lines and text have a contrast of at least 4.5:1 on the theme's background. */
const colours = (isDark) => ({
  darkMode: isDark,
  background: isDark ? '#1b1b1f' : '#ffffff',
  primaryColor: isDark ? '#26333a' : '#e3f1f0',
  primaryTextColor: isDark ? '#f0f0f3' : '#24242a',
  primaryBorderColor: isDark ? '#62cfc6' : '#0b6b66',
  secondaryColor: isDark ? '#2c2c34' : '#f3f3f5',
  tertiaryColor: isDark ? '#222228' : '#f8f8fa',
  lineColor: isDark ? '#b4b4bd' : '#5c5c66',
  textColor: isDark ? '#f0f0f3' : '#24242a',
  noteBkgColor: isDark ? '#3a3522' : '#fff6d8',
  noteTextColor: isDark ? '#f6efd6' : '#3a3000',
  noteBorderColor: isDark ? '#a8955a' : '#a68a2c',
  edgeLabelBackground: isDark ? '#1b1b1f' : '#ffffff',
  fontSize: '15px',
});

/** Not scaled to the page: on a phone the text would be too small to read, so the box scrolls. */
const NATURAL_SIZE = { useMaxWidth: false };

let rendered = 0;

async function render(source, isDark) {
  const mermaid = await load();
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    theme: 'base',
    themeVariables: colours(isDark),
    fontFamily: 'system-ui, sans-serif',
    flowchart: NATURAL_SIZE,
    sequence: NATURAL_SIZE,
    state: NATURAL_SIZE,
  });
  rendered += 1;
  const { svg } = await mermaid.render(`drawing-${rendered}`, source);
  return svg;
}

export const Drawing = defineComponent({
  props: { name: { type: String, required: true }, source: { type: String, required: true } },
  setup({ name, source }, { slots }) {
    const { isDark } = useData();
    const svg = ref('');
    const update = async () => {
      const dark = isDark.value;
      const result = await render(decodeURIComponent(source), dark);
      if (dark === isDark.value) svg.value = result;
    };
    onMounted(() => {
      watch(isDark, update, { immediate: true });
    });
    return () => {
      const text = slots.default?.();
      if (svg.value === '') return h('figure', { class: 'drawing' }, text);
      const picture = h('div', { role: 'img', 'aria-label': name, innerHTML: svg.value });
      return h('figure', { class: 'drawing' }, [
        h('div', { class: 'drawing-box', role: 'group', tabindex: 0, 'aria-label': `Drawing: ${name}` }, [picture]),
        h('details', [h('summary', 'The drawing as text'), text]),
      ]);
    };
  },
});
