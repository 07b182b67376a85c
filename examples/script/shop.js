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
    if (!session) return;
    const cart = `cart ${session.userIdentity.userId}`;
    localStorage.setItem(cart, String(Number(localStorage.getItem(cart)) + 1));
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
  await attempt(resume);
}

void start();
