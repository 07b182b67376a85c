// The page's script. The cart is kept in this browser, under the user id; a shop keeps it on its server.

const element = (id) => document.getElementById(id);

async function start() {
  // The sandbox's settings here; in an application those of your account, written into the page.
  const settings = await (await fetch('/settings.json')).json();
  const login = new AuthressLogin.LoginClient(settings);

  function show() {
    const shopper = login.getSnapshot().userIdentity;
    element('who').value = shopper ? (shopper.isAnonymous ? 'a shopper without an account' : 'signed in') : 'new here';
    element('count').value = shopper ? (localStorage.getItem(`cart ${shopper.userId}`) ?? '0') : '0';
  }

  async function add() {
    // The first time, the browser leaves for a moment and comes back to this page with a user id.
    const session = await login.signInAnonymously({ appState: 'add' });
    if (!session) return;
    const cart = `cart ${login.getSnapshot().userIdentity.userId}`;
    localStorage.setItem(cart, String(Number(localStorage.getItem(cart)) + 1));
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
}

void start();
