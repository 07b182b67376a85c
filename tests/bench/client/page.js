// The page of the benchmark, the same for both clients: what a storefront does when it is opened.
//
// `/visit` makes whoever comes without a session an anonymous shopper, `/token` wants a token and nothing else, `/idle`
// waits for what is done to it.
import { LoginClient } from 'client-under-test';

const { settings, connectionId } = JSON.parse(document.getElementById('settings').textContent);
const task = location.pathname.split('/').at(-1);
// Taken before a client cleans the address.
const isReturn = new URLSearchParams(location.search).has('nonce');

const login = new LoginClient(settings);
window.login = login;

async function shop() {
  if (task === 'idle') return void (await login.userSessionExists());
  if (task === 'visit' && !(await login.userSessionExists()) && !isReturn) {
    await login.authenticate({ connectionId, redirectUrl: location.origin + location.pathname });
    return new Promise(() => {}); // The browser is on its way.
  }
  const token = await login.ensureToken();
  const at = performance.now();
  return { token: typeof token === 'string', at, sinceBegan: performance.timeOrigin + at - window.beganAt };
}

// In a task of its own: what the bench's driver does for it is no work of the client.
const tell = (outcome) => setTimeout(() => window.tell(outcome));
shop().then(
  (outcome) => tell({ ...outcome, task }),
  (error) => tell({ failure: String(error?.code ?? error) }),
);
