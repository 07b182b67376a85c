// One bar chart for each measure, as SVG: a pair of bars for each condition, as long as the
// median; a line goes on to the 90th percentile.

const WIDTH = 720;
const LABELS = 150;
const FIGURES = 140;
const BAR = 16;
const GROUP = 2 * BAR + 18;
const TOP = 62;

/** Colours follow what the reader's system prefers; the fonts are the reader's own. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e; font-size: 12px }
  .ours { fill: #0969da } .reference { fill: #9a6700 } .mark { fill: none; stroke: #1f2328; stroke-width: 1.2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 }
    .ours { fill: #4493f8 } .reference { fill: #d29922 } .mark { stroke: #f0f6fc }
  }`;

/** @type {(text: string) => string} */
const escapeHtml = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`);
/** @type {(value: number) => string} */
const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));

/** @import { Summary } from './statistics.mjs' */

/** @typedef {Pick<Summary, 'median' | 'p90'>} Bar */
/** @typedef {{ condition: string, ours: Bar, reference: Bar }} Group */

/** @param {{ title: string, what: string, unit: string, rows: Group[] }} measure */
export function chart({ title, what, unit, rows }) {
  const most = Math.max(...rows.flatMap(({ ours, reference }) => [ours.p90, reference.p90]), Number.MIN_VALUE);
  /** @type {(value: number) => number} */
  const scale = (value) => (value / most) * (WIDTH - LABELS - FIGURES);
  const height = TOP + rows.length * GROUP + 8;
  /** @type {(bar: Bar, name: string, y: number) => string} */
  const bar = ({ median, p90 }, name, y) => {
    const end = LABELS + scale(p90);
    return `
  <rect class="${name}" x="${LABELS}" y="${y}" width="${scale(median).toFixed(1)}" height="${BAR}" rx="2"/>
  <path class="mark" d="M${(LABELS + scale(median)).toFixed(1)} ${y + BAR / 2}H${end.toFixed(1)}m0 -5v10"/>
  <text class="quiet" x="${(end + 6).toFixed(1)}" y="${y + 12}">${number(median)} ${unit} (${number(p90)})</text>`;
  };
  /** @type {(group: Group, index: number) => string} */
  const group = ({ condition, ours, reference }, index) => {
    const y = TOP + index * GROUP;
    return `
  <text x="${LABELS - 10}" y="${y + BAR + 4}" text-anchor="end">${escapeHtml(condition)}</text>${bar(ours, 'ours', y)}${bar(reference, 'reference', y + BAR + 2)}`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeHtml(title)}">
  <style>${STYLE}
  </style>
  <text class="title" x="0" y="18">${escapeHtml(title)}</text>
  <text class="quiet" x="0" y="38">${escapeHtml(what)}</text>
  <rect class="ours" x="${WIDTH - 330}" y="8" width="12" height="12" rx="2"/><text x="${WIDTH - 312}" y="18">authress-login-wasm</text>
  <rect class="reference" x="${WIDTH - 160}" y="8" width="12" height="12" rx="2"/><text x="${WIDTH - 142}" y="18">@authress/login</text>${rows.map(group).join('')}
</svg>
`;
}
