import { addTo, countOf } from './cart.js';
import { login } from './login.js';

const element = (id) => document.getElementById(id);

function show() {
  const shopper = login.getSnapshot().userIdentity;
  element('who').value = shopper ? (shopper.isAnonymous ? 'a shopper without an account' : 'signed in') : 'new here';
  element('count').value = String(shopper ? countOf(shopper.userId) : 0);
}

async function add() {
  // The first time, the browser leaves for a moment and comes back to this page with a user id.
  const session = await login.signInAnonymously({ appState: 'add' });
  if (!session) return;
  addTo(login.getSnapshot().userIdentity.userId);
  show();
}

element('add').onclick = add;
// The user id, and with it the cart, stays the same: the identity is linked to it.
element('sign-in').onclick = () => login.signIn({ connectionId: 'con_acorn' });
element('sign-out').onclick = () => login.signOut();
login.subscribe(show);

// What the browser has just come back from, if it has.
const result = await login.getRedirectResult();
if (result?.type === 'anonymous' && result.status === 'signed-in' && result.appState === 'add') await add();
show();
