// The page of the benchmark, the same for every client: what a storefront does when it is opened.
//
// `/visit` signs a visitor without a session in anonymously, `/token` and `/callback` ask for a token, `/signed-out` asks
// whether there is a session, `/stay` signs in anonymously in the background, `/idle` leaves the rest to the benchmark.
import { LoginClient } from 'client-under-test';

const { settings, connectionId } = JSON.parse(
  /** @type {HTMLElement} */ (document.getElementById('settings')).textContent,
);
const task = location.pathname.split('/').at(-1);
// Read before a client cleans the address.
const isCallback = new URLSearchParams(location.search).has('nonce');

const login = new LoginClient(settings);
window.login = login;

async function shop() {
  if (task === 'idle') return void (await login.userSessionExists());
  if (task === 'signed-out') {
    const exists = await login.userSessionExists();
    return { exists, at: performance.now() };
  }
  if (task === 'stay' && !(await login.signInAnonymously())) throw new Error('the page is left');
  if (task === 'visit' && !(await login.userSessionExists()) && !isCallback) {
    await login.authenticate({ connectionId, redirectUrl: location.origin + location.pathname });
    return new Promise(() => {}); // The browser is on its way.
  }
  const token = await login.ensureToken();
  const at = performance.now();
  return { token: typeof token === 'string', at, sinceBegan: performance.timeOrigin + at - window.beganAt };
}

// In a task of its own: what the browser's driver does for it is no work of the client.
/** @type {(outcome: object) => unknown} */
const report = (outcome) => setTimeout(() => window.reportOutcome(outcome));
shop().then(
  (outcome) => report({ ...outcome, task }),
  (error) => report({ failure: String(error?.code ?? error) }),
);
