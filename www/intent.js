// What the shopper was about to do when the browser left the page for a login.
//
// Kept in sessionStorage: it belongs to this tab, and must be gone when the tab is.

const KEY = 'kiln-and-moss.intent';
const MAX_AGE_MS = 15 * 60 * 1000;

/** @param intent `{kind: 'add', productId}`, `{kind: 'claim', ticket}`, or `{kind}` of 'link', 'sign-in', 'switch', 'sign-out' */
export function remember(intent) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...intent, at: Date.now() }));
  } catch {
    // Without storage the login itself cannot be finished; the login client says so.
  }
}

/** The intent, once: a second call returns null. */
export function recall() {
  try {
    const intent = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return intent && Date.now() - intent.at < MAX_AGE_MS ? intent : null;
  } catch {
    return null;
  }
}
