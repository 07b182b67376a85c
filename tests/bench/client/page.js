// The page of the benchmark, the same for every client: what a storefront does when it is opened.
//
// `/visit` signs a visitor without a session in anonymously, `/token` and `/callback` ask for a token, `/signed-out` asks
// whether there is a session, `/stay` signs in anonymously in the background, `/idle` leaves the rest to the benchmark.
// `/press` and `/press-stay` do the same as `/visit` and `/stay`, but only when the benchmark calls `window.press`.
import { LoginClient } from 'client-under-test';

const { settings, connectionId } = JSON.parse(
  /** @type {HTMLElement} */ (document.getElementById('settings')).textContent,
);
const task = location.pathname.split('/').at(-1);
// Read before a client cleans the address.
const isCallback = new URLSearchParams(location.search).has('nonce');

const login = new LoginClient(settings);
window.login = login;

/** Leaves the page for a login. */
async function leave() {
  await login.authenticate({ connectionId, redirectUrl: location.origin + location.pathname });
  return new Promise(() => {}); // The browser is on its way.
}

/** Signs in anonymously in the background. */
async function stay() {
  if (!(await login.signInAnonymously())) throw new Error('the page is left');
}

async function token() {
  const token = await login.ensureToken();
  const at = performance.now();
  const now = performance.timeOrigin + at;
  const sincePress = now - Number(sessionStorage.pressed);
  return { token: typeof token === 'string', at, sinceBegan: now - window.beganAt, sincePress };
}

/** What the page does when the shopper presses. */
async function press() {
  sessionStorage.pressed = performance.timeOrigin + performance.now();
  await (task === 'press-stay' ? stay() : leave());
  return token();
}

async function shop() {
  if (task?.startsWith('press') && !isCallback) {
    window.press = () => tell(press());
    return { exists: await login.userSessionExists(), at: performance.now() };
  }
  if (task === 'idle') return void (await login.userSessionExists());
  if (task === 'signed-out') {
    const exists = await login.userSessionExists();
    return { exists, at: performance.now() };
  }
  if (task === 'stay') await stay();
  if (task === 'visit' && !(await login.userSessionExists()) && !isCallback) await leave();
  return token();
}

// In a task of its own: what the browser's driver does for it is no work of the client.
/** @type {(outcome: object) => unknown} */
const report = (outcome) => setTimeout(() => window.reportOutcome(outcome));
/** @type {(work: Promise<object | void>) => Promise<unknown>} */
const tell = (work) =>
  work.then(
    (outcome) => report({ ...outcome, task }),
    (error) => report({ failure: String(error?.code ?? error) }),
  );
tell(shop());
