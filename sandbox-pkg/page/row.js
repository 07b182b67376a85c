// A request as an item of the list.

/** @typedef {import('../src/entry.js').Entry} Entry */

/**
 * @param {Entry} entry
 * @returns {HTMLLIElement}
 */
export function row(entry) {
  const { time, method, path, step, flow, status, isDropped, durationMs, code, title } = entry;
  const item = document.createElement('li');
  item.className = 'request';
  item.dataset.outcome = outcome(entry);
  item.append(
    element('span', 'status', isDropped ? 'none' : String(status)),
    element('span', 'method', method),
    element('code', 'path', ...breakable(path)),
    element('span', 'step', element('b', '', step), ' ', element('span', 'flow', flow ?? '')),
    element('span', 'when', element('time', '', clock(time)), ` · ${duration(durationMs)}`),
  );
  if (isDropped)
    item.append(element('p', 'error', 'The connection was closed without a response: an injected failure.'));
  if (code) item.append(element('p', 'error', element('code', '', code), title && ` ${title}`));
  return item;
}

/**
 * The path in parts between which a line may end.
 * @param {string} path
 */
const breakable = (path) =>
  path.split(/(?=[?&]|(?<!\/)\/(?!\/))/).flatMap((part) => [document.createElement('wbr'), part]);

/** @param {Entry} entry */
function outcome({ status, isDropped, code }) {
  if (isDropped || status >= 400 || code) return 'error';
  return status >= 300 ? 'redirect' : 'success';
}

/**
 * Local time to the millisecond.
 * @param {string} time
 */
function clock(time) {
  const date = new Date(time);
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two);
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** @param {number} durationMs */
const duration = (durationMs) => `${durationMs < 10 ? durationMs : Math.round(durationMs)} ms`;

/**
 * @param {string} name
 * @param {string} className
 * @param {...(string | Node)} content
 */
function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}
