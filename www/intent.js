// What the shopper was doing when the browser left the page for a login.
//
// Kept in sessionStorage: it belongs to this tab, and ends with it.

const KEY = 'kiln-and-moss.intent';
const MAX_AGE_MS = 15 * 60 * 1000;

/**
 * @typedef {{ kind: 'add', productId: string } | { kind: 'claim', ticket: string }
 *   | { kind: 'link' | 'sign-in' | 'switch' | 'sign-out' }} Intent
 */

/** @param {Intent} intent */
export function saveIntent(intent) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...intent, at: Date.now() }));
  } catch {
    // Without storage the login itself fails, and the login client reports that.
  }
}

/**
 * Removes the intent and returns it, unless there is none or it is too old.
 * @returns {Intent | null}
 */
export function takeIntent() {
  try {
    const intent = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    sessionStorage.removeItem(KEY);
    return intent && Date.now() - intent.at < MAX_AGE_MS ? intent : null;
  } catch {
    return null;
  }
}
