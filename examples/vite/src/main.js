import { addTo, countOf } from './cart.js';
import { login } from './login.js';

const element = (id) => document.getElementById(id);

function show() {
  const shopper = login.getSnapshot().userIdentity;
  element('who').value = shopper ? (shopper.isAnonymous ? 'a shopper without an account' : 'signed in') : 'new here';
  element('count').value = String(shopper ? countOf(shopper.userId) : 0);
}

/** Calls a function and shows whether it has failed, as without a network. */
async function attempt(call) {
  try {
    await call();
    element('notice').hidden = true;
  } catch (error) {
    console.error(error);
    element('notice').hidden = false;
  }
  show();
}

async function addMug() {
  // The first time, the browser leaves for a moment and comes back to this page with a user id.
  const session = await login.signInAnonymously({ appState: 'add' });
  if (session) addTo(session.userIdentity.userId);
}

/** Handles what the browser has come back from. Only the first result has the `appState`, so the mug is added once. */
async function resume() {
  const result = await login.getRedirectResult();
  if (result?.status === 'signed-in' && result.appState === 'add') await addMug();
}

element('add').onclick = () => attempt(addMug);
// The user id, and with it the cart, stays the same: the identity is linked to it.
element('sign-in').onclick = () => attempt(() => login.signIn({ connectionId: 'con_acorn' }));
element('sign-out').onclick = () => attempt(() => login.signOut());
login.subscribe(show);
void attempt(resume);
