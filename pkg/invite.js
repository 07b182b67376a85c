// The invite of a link that the shop has mailed: read from the address, removed from it, and kept for this tab.
//
// An invite id and a claim ticket are bearer secrets. They belong into the fragment, which browsers send to no server. A
// link with a query is read as well.

/** @import { Invite } from 'authress-login-wasm/invite' */

const STORAGE_KEY = 'authress-login-wasm.invite';
/** The parameters and their longest values, in UTF-16 code units: Authress's limit for ids, and the client's for tickets. */
const LONGEST = Object.freeze({ inviteId: 256, claimTicket: 2048 });

/**
 * The invite of this page, where the browser stores nothing for the tab.
 * @type {string | null}
 */
let inMemory = null;

/** @returns {Invite | null} */
export function readInvite() {
  if (typeof window !== 'object') return null;
  const fromAddress = takeFromAddress();
  if (fromAddress) keep(JSON.stringify(fromAddress));
  return fromAddress ?? kept();
}

export function clearInvite() {
  keep(null);
}

/**
 * Removes the parameters from query and fragment, and returns them: null if there are none or if one is given twice, since
 * then it is unknown which is meant.
 */
function takeFromAddress() {
  const url = new URL(location.href);
  const found = [...take(url, 'search'), ...take(url, 'hash')];
  if (!found.length) return null;
  history.replaceState(history.state, '', url);
  const names = found.map(([name]) => name);
  return new Set(names).size === names.length ? checked(Object.fromEntries(found)) : null;
}

/**
 * Takes the parameters out of one part of the address, whose other parameters keep their spelling and order.
 * @param {URL} url
 * @param {'search' | 'hash'} part
 * @returns {[string, string][]}
 */
function take(url, part) {
  /** @type {[string, string][]} */
  const found = [];
  const pairs = url[part].slice(1).split('&');
  const others = pairs.filter((pair) => {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    if (!Object.hasOwn(LONGEST, name)) return true;
    found.push([name, value]);
    return false;
  });
  if (found.length) url[part] = others.join('&');
  return found;
}

/**
 * @param {unknown} given
 * @returns {Invite | null}
 */
function checked(given) {
  const values = Object.entries(LONGEST).flatMap(([name, longest]) => {
    const value = given && Reflect.get(Object(given), name);
    return typeof value === 'string' && value && value.length <= longest ? [[name, value]] : [];
  });
  return values.length ? Object.fromEntries(values) : null;
}

/** @param {string | null} text */
function keep(text) {
  inMemory = text;
  try {
    if (text === null) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, text);
  } catch {} // Storage is refused or full: the invite lasts as long as this page.
}

function kept() {
  try {
    return checked(JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? inMemory ?? 'null'));
  } catch {
    // Storage is refused, or holds what this module did not write.
    return inMemory === null ? null : checked(JSON.parse(inMemory));
  }
}
