// The page's script. The cart is on the server, under the user id of the access token that `login.fetch` sends.

import { LoginClient } from 'authress-login-wasm';

const element = (id) => document.getElementById(id);

// A shop writes its settings into the page instead.
const settings = await (await fetch('/settings.json')).json();
const login = new LoginClient(settings);
let cart = {};

function show() {
  const shopper = login.getSnapshot().userIdentity;
  element('who').value = shopper ? (shopper.isAnonymous ? 'a shopper without an account' : 'signed in') : 'new here';
  element('count').value = String(cart.of === shopper?.userId ? (cart.items?.mug ?? 0) : 0);
}

let last = Promise.resolve();
/** Runs the requests one after the other, so an older response never replaces a newer one. */
function update(request) {
  last = last.then(async () => {
    const newest = await request().then((result) => result ?? null, console.error);
    // Loading the cart does not hide the notice of a failed press.
    if (newest === undefined || request !== load) element('notice').hidden = newest !== undefined;
    if (newest?.items) cart = newest;
    show();
  });
}

/** Resolves to the cart with the id of its user: the page shows it to no other one. */
async function request(path, options) {
  const { userIdentity } = login.getSnapshot();
  const response = await login.fetch(path, options);
  if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
  return { of: userIdentity?.userId, items: await response.json() };
}

const load = () => request('/api/cart', { signal: AbortSignal.timeout(10_000) });

/** Resolves to `null` if the browser leaves. It comes back to this page with a user id, and `resume` adds the mug. */
async function addMug() {
  const session = await login.signInAnonymously({ appState: 'add' });
  return session && (await request('/api/cart/mug', { method: 'PUT' }));
}

/** Handles what the browser has come back from. Only the first result has the `appState`, so the mug is added once. */
async function resume() {
  const result = await login.getRedirectResult();
  return result?.status === 'signed-in' && result.appState === 'add' ? await addMug() : null;
}

element('add').onclick = () => update(addMug);
// The user id, and with it the cart, stays the same: the identity is linked to it.
element('sign-in').onclick = () => update(() => login.signIn({ connectionId: 'con_acorn' }));
element('sign-out').onclick = () => update(() => login.signOut());

update(resume);
// Another user has another cart, also one who signs in in another tab.
login.subscribe(({ type }) => {
  show();
  if (login.getSnapshot().userIdentity && (type === 'ready' || type === 'signed-in')) update(load);
});
