// The cart on the server, as the page reads and changes it. `login.fetch` sends the access token.

/** Resolves to the cart with the id of its user: the page shows it to no other one. */
async function request(login, path, options) {
  const { userIdentity } = login.getSnapshot();
  const response = await login.fetch(path, options);
  if (!response.ok) throw new Error(`The cart's API responded with ${response.status}.`);
  return { of: userIdentity?.userId, items: await response.json() };
}
export const loadCart = (login) => request(login, '/api/cart', { signal: AbortSignal.timeout(10_000) });

/** Resolves to `null` if the browser leaves. It comes back to this page with a user id, and `resume` adds the mug. */
export async function addMug(login) {
  const session = await login.signInAnonymously({ appState: 'add' });
  return session && (await request(login, '/api/cart/mug', { method: 'PUT' }));
}

/** Handles what the browser has come back from. Only the first result has the `appState`, so the mug is added once. */
export async function resume(login) {
  const result = await login.getRedirectResult();
  return result?.status === 'signed-in' && result.appState === 'add' ? await addMug(login) : null;
}
