// The page's script. The cart is on the server, under the user id of the access token that `login.fetch` sends.

import { LoginClient } from 'authress-login-wasm';

const element = (id) => document.getElementById(id);

// A shop writes its settings into the page instead.
const settings = await (await fetch('/settings.json')).json();
const login = new LoginClient(settings);

function show(cart = {}) {
  const shopper = login.getSnapshot().userIdentity;
  element('who').value = shopper ? (shopper.isAnonymous ? 'a shopper without an account' : 'signed in') : 'new here';
  element('count').value = String(cart.mug ?? 0);
}

async function add() {
  // The first time, the browser leaves for a moment and comes back to this page with a user id.
  const session = await login.signInAnonymously({ appState: 'add' });
  if (!session) return;
  const response = await login.fetch('/api/cart/mug', { method: 'PUT' });
  if (response.ok) show(await response.json());
}

element('add').onclick = add;
// The user id, and with it the cart, stays the same: the identity is linked to it.
element('sign-in').onclick = () => login.signIn({ connectionId: 'con_acorn' });
element('sign-out').onclick = () => login.signOut();

// What the browser has just come back from, if it has.
const result = await login.getRedirectResult();
if (result?.type === 'anonymous' && result.status === 'signed-in' && result.appState === 'add') {
  await add();
} else if (login.getSnapshot().userIdentity) {
  const response = await login.fetch('/api/cart');
  show(response.ok ? await response.json() : undefined);
} else {
  show();
}
