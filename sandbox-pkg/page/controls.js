// The buttons that change the sandbox: its clock, its failures and its dialect, by the routes that tests use.

/**
 * @template {HTMLElement} Type
 * @param {string} id
 * @returns {Type}
 */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** @type {HTMLDetailsElement} */
const controls = byId('controls');
const problem = byId('problem');
/** @type {Map<string, HTMLInputElement>} by the switch's name */
const boxes = new Map();

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>} the response's JSON, if it has one
 */
async function send(method, path, body) {
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  const content = isJson ? JSON.parse(text) : text;
  if (!response.ok) throw new Error(isJson ? content.title : text);
  return content;
}

/**
 * Runs it, and then shows the sandbox's state or what was wrong.
 * @param {() => Promise<unknown>} [change]
 */
async function run(change) {
  try {
    await change?.();
    await show();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  }
}

async function show() {
  const [clock, { faults }, dialect] = await Promise.all(
    ['/sandbox/clock', '/sandbox/faults', '/sandbox/dialect'].map((path) => send('GET', path)),
  );
  const time = new Date(clock.now * 1000);
  byId('clock').textContent = `${time.toLocaleString()}${ahead(clock.now)}`;
  byId('faults').textContent = faults.map(sentence).join('; ') || 'none';
  for (const [name, value] of Object.entries(dialect)) if (typeof value === 'boolean') showSwitch(name, value);
}

/** @param {number} seconds of the sandbox's clock since 1970 */
function ahead(seconds) {
  const minutes = Math.round((seconds - Date.now() / 1000) / 60);
  if (minutes === 0) return ', as this device';
  const hours = Math.floor(minutes / 60);
  return `, ahead of this device by ${hours > 0 ? `${hours} h ` : ''}${minutes % 60} min`;
}

/** @param {{ path: string, status?: number, drop?: boolean, delayMs?: number }} fault */
const sentence = ({ path, status, drop, delayMs }) =>
  `${path}: ${drop ? 'no response' : status ? `status ${status}` : `${Number(delayMs) / 1000} s late`}`;

/**
 * Shows a switch of the dialect as a checkbox, which stays the same element, so that it keeps the focus.
 * @param {string} name
 * @param {boolean} value
 */
function showSwitch(name, value) {
  const shown = boxes.get(name);
  if (shown) {
    shown.checked = value;
    return;
  }
  const box = document.createElement('input');
  Object.assign(box, { type: 'checkbox', checked: value });
  box.addEventListener('change', () => void run(() => send('POST', '/sandbox/dialect', { [name]: box.checked })));
  const label = document.createElement('label');
  label.append(box, name);
  byId('switches').append(label);
  boxes.set(name, box);
}

/**
 * Calls it with the value of each button of a group that is pressed.
 * @param {string} id
 * @param {(value: string) => Promise<unknown>} change
 */
function onPress(id, change) {
  byId(id).addEventListener('click', ({ target }) => {
    if (target instanceof HTMLButtonElement) void run(() => change(target.value));
  });
}

/** @param {string} id of a choice */
const chosen = (id) => /** @type {HTMLSelectElement} */ (byId(id)).value;

onPress('clock-buttons', (seconds) => send('POST', '/sandbox/clock', { advanceSeconds: Number(seconds) }));
onPress('dialects', (name) => send('POST', '/sandbox/requests/dialect', name));
onPress('fault-add', () =>
  send('POST', '/sandbox/faults', { faults: [{ path: chosen('fault-path'), ...JSON.parse(chosen('fault-effect')) }] }),
);
onPress('fault-clear', () => send('DELETE', '/sandbox/faults'));
controls.addEventListener('toggle', () => {
  if (controls.open) void run();
});
