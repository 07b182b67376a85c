// The cart on the server, as the page reads and changes it. `login.fetch` sends the access token.

const cartIn = async (response) => {
  if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
  return await response.json();
};

/** Resolves to `null` if the browser leaves. It comes back to this page with a user id, and `loadCart` adds the mug. */
export async function addMug(login) {
  const session = await login.signInAnonymously({ appState: 'add' });
  return session && (await cartIn(await login.fetch('/api/cart/mug', { method: 'PUT' })));
}

export async function loadCart(login, userId) {
  // What the browser has just come back from. Only the first result has the `appState`, so the mug is added once.
  const result = await login.getRedirectResult();
  if (result?.status === 'signed-in' && result.appState === 'add') return await addMug(login);
  return userId ? await cartIn(await login.fetch('/api/cart')) : {};
}
