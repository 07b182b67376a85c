// The list of requests: one item for each, the newest first, as the sandbox sends them.
import './controls.js';
import { row } from './row.js';

/** @typedef {import('../src/entry.js').Entry} Entry */

const MAX_ROWS = 500;
const EVENTS = '/sandbox/requests';

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [list, empty, connection, pause] = ['requests', 'empty', 'connection', 'pause'].map(byId);
const filter = /** @type {HTMLInputElement} */ (byId('filter'));

/** The id of the last event, with which the stream continues after a pause of the connection. */
let lastEvent = '';
/** @type {EventSource | null} */
let events = null;
/**
 * What has come since the list was paused; `null` while it is not.
 * @type {Entry[] | null}
 */
let waiting = null;

function connect() {
  const after = lastEvent && `?${new URLSearchParams({ after: lastEvent })}`;
  events = new EventSource(EVENTS + after);
  events.onopen = () => say('live', 'Live');
  events.onerror = () => {
    say('lost', 'Not connected: is the sandbox running?');
    // The browser does not reconnect after a response that is no stream, as when too many pages are open.
    if (events?.readyState === EventSource.CLOSED) setTimeout(reconnect, 3000);
  };
  events.addEventListener('reset', reset);
  events.addEventListener('request', ({ data, lastEventId }) => {
    lastEvent = lastEventId;
    receive(JSON.parse(data));
  });
}

function disconnect() {
  events?.close();
  events = null;
}

function reconnect() {
  if (!events || events.readyState !== EventSource.CLOSED) return;
  disconnect();
  connect();
}

/**
 * @param {'live' | 'lost'} state
 * @param {string} text
 */
function say(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

/** @param {Entry} entry */
function receive(entry) {
  if (!waiting) {
    show(entry);
    return;
  }
  waiting.push(entry);
  if (waiting.length > MAX_ROWS) waiting.shift();
  pause.textContent = `Resume (${waiting.length})`;
}

/** @param {Entry} entry */
function show(entry) {
  const item = row(entry);
  item.hidden = !matches(item);
  list.prepend(item);
  if (list.children.length > MAX_ROWS) list.lastElementChild?.remove();
  showWhetherEmpty();
}

/**
 * Whether the item has every word of the filter.
 * @param {HTMLElement} item
 */
function matches(item) {
  const text = item.textContent.toLowerCase();
  return filter.value
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function showWhetherEmpty() {
  const items = [...list.children].filter((item) => item instanceof HTMLElement);
  empty.hidden = items.some((item) => !item.hidden);
  empty.textContent =
    items.length > 0 ? 'No request matches the filter.' : 'No requests yet. They appear here as a page logs in.';
}

function reset() {
  list.replaceChildren();
  if (waiting) {
    waiting = [];
    pause.textContent = 'Resume';
  }
  showWhetherEmpty();
}

function togglePause() {
  const came = waiting;
  waiting = came ? null : [];
  pause.textContent = came ? 'Pause' : 'Resume';
  pause.setAttribute('aria-pressed', String(!came));
  for (const entry of came ?? []) show(entry);
}

/** The sandbox forgets the requests, and says so to every page. */
async function clear() {
  // Without a connection there is nothing to clear there.
  await fetch(EVENTS, { method: 'DELETE' }).catch(reset);
}

pause.addEventListener('click', togglePause);
byId('clear').addEventListener('click', () => void clear());
filter.addEventListener('input', () => {
  for (const item of list.children) if (item instanceof HTMLElement) item.hidden = !matches(item);
  showWhetherEmpty();
});

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target === filter && key === 'Escape') filter.blur();
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
  if (key === '/') {
    event.preventDefault();
    filter.focus();
  }
  if (key === 'p') togglePause();
  if (key === 'c') void clear();
});

// A browser opens six connections to a host, and logins need them too: a page that is not shown has none.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') disconnect();
  else if (!events) connect();
});
connect();
