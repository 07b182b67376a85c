// Connects the parts of the shop: the session (session.js), the shop's server (shop-api.js), and the page itself (view.js).

import { clearInvite, readInvite } from 'authress-login-wasm/invite';

import * as messages from './messages.js';
import { onReminder } from './reminder.js';
import { SIGNED_OUT_FRAGMENT, ShopperSession } from './session.js';
import { ShopApi } from './shop-api.js';
import { isSameShopper, SIGNED_OUT, verifiedShopper } from './shopper.js';
import * as view from './view.js';

/**
 * @import { RedirectResult } from 'authress-login-wasm'
 * @import { Shopper } from './session.js'
 * @import { Cart, Product, ShopConfig } from './shop-api.js'
 * @import { Message } from './messages.js'
 */

const MAX_QUANTITY = 99;
/** RFC 6585 section 4: refused for now, whatever it asks for. */
const TOO_MANY_REQUESTS = 429;
/** @type {Cart} */
const EMPTY_CART = { userId: null, isAnonymous: false, items: [], totalCents: 0 };

/** @type {ShopConfig} */
let config;
/** @type {ShopperSession} */
let session;
/** @type {ShopApi} */
let api;
/** @type {readonly Product[]} */
let products = [];
let cart = EMPTY_CART;
/** What a mailed link has brought to this tab. It leaves the address before anything else reads that. */
let mailed = readInvite();
/** @type {Shopper | undefined} The login client’s shopper at the last refresh of the page. */
let shownSession;
// Cart changes run one after the other, so that three quick presses on + add three.
/** @type {Promise<unknown>} */
let cartQueue = Promise.resolve();
// Presses wait until the session is known ...
/** @type {Promise<void> | undefined} */
let sessionRestored;
// ... or show this message, if the shop could not start.
/** @type {Message | null} */
let startFailure = null;

/** The shopper as the shop's server says; before its response, as the login client reads it. */
const currentShopper = () => verifiedShopper(session.shopper, cart);

async function start() {
  view.onPress({ signIn: openProviderPicker, signOut });
  const [stock, settings] = await Promise.allSettled([ShopApi.products(), ShopApi.config()]);
  products = stock.status === 'fulfilled' ? stock.value : [];
  view.showProducts(products, add);
  try {
    if (stock.status === 'rejected') throw stock.reason;
    if (settings.status === 'rejected') throw settings.reason;
    config = settings.value;
    session = new ShopperSession(config);
    api = new ShopApi(() => session.token());
  } catch (failure) {
    startFailure = messages.explain(failure);
    view.showMessage(startFailure);
    view.showShopper(SIGNED_OUT);
    return;
  }
  session.onChange(followOtherTabs);
  if (config.reminders) view.offerReminders();
  onReminder({
    send: (email) => mail('ReminderSent', () => api.sendReminder(email)),
    confirm: (code) => mail('ReminderConfirmed', () => api.confirmReminder(code)),
  });
  sessionRestored = restoreSession();
}

/** Restores the session, and completes what the shopper was doing when the browser left the page. */
async function restoreSession() {
  const left = takeLeftFor();
  let result;
  try {
    result = await session.restore();
  } catch (failure) {
    view.showMessage(messages.explain(failure));
    await refresh();
    return;
  }
  await refresh();
  // Back from the login page. A page of the back/forward cache still has the result from before.
  if (left) view.showMessage(messages.explainCode(left === 'cart' ? 'CartNotStarted' : 'SignInUnfinished'));
  else if (result) await showOutcome(result);
  else if (mailed) offerMailedCart();
  else if (location.hash === SIGNED_OUT_FRAGMENT) showSignedOut();
}

/** @param {RedirectResult} result */
async function showOutcome(result) {
  const shopper = currentShopper();
  if (result.type === 'link') {
    await showLinkOutcome(result, shopper);
  } else if (result.status !== 'signed-in') {
    const code =
      result.status === 'cancelled' ? 'UserCancelled' : (result.errorCode ?? result.serverCode ?? 'SignInUnfinished');
    view.showMessage(messages.explainCode(code, result.type === 'anonymous' ? 'CartNotStarted' : 'access_denied'));
  } else if (result.type === 'anonymous') {
    if (result.appState) await addToCart(products.find((product) => product.productId === result.appState.productId));
  } else {
    await bringCarts(result, messages.signedIn(shopper));
  }
}

/**
 * Brings along the cart of before the sign-in, and that of a mailed link.
 * @param {Pick<RedirectResult, 'claimTicket' | 'appState'>} result
 * @param {Message} message if there is none to bring
 */
async function bringCarts({ claimTicket, appState }, message) {
  const ofThisBrowser = claimTicket ? await bringCart(claimTicket) : null;
  const ofMail = appState?.mailedTicket ? await bringCart(appState.mailedTicket) : null;
  // A ticket that could not be redeemed now can be tried again; every other one is done with.
  if (ofMail && ofMail !== 'later') forgetMailed();
  if ([ofThisBrowser, ofMail].some((outcome) => outcome === 'later' || outcome === 'refused')) return;
  const outcome = ofMail ?? ofThisBrowser;
  if (outcome === 'same user') view.showMessage(messages.cartOpened(currentShopper()));
  else view.showMessage(outcome ? messages.cartMoved(currentShopper()) : message);
}

/**
 * Redeems a ticket, and shows the cart or the failure.
 * @param {string} ticket
 * @returns {Promise<'moved' | 'same user' | 'refused' | 'later'>}
 */
async function bringCart(ticket) {
  /** @type {'moved' | 'same user' | 'refused' | 'later'} */
  let outcome = 'moved';
  await changeCart(async () => {
    try {
      return await api.claim(ticket);
    } catch (failure) {
      const { code, status } = /** @type {import('./shop-api.js').ShopApiError} */ (failure);
      outcome = code === 'TicketSameUser' ? 'same user' : status >= 400 && status < 500 ? 'refused' : 'later';
      if (outcome !== 'same user') throw failure;
      return await api.cart();
    }
  });
  return outcome;
}

/** A mailed link was opened, and the shopper has not signed in yet. */
function offerMailedCart() {
  const ticket = mailed?.claimTicket;
  const signIn = { label: 'Sign in', testId: 'open-mailed-cart', onPress: openProviderPicker };
  const claim = {
    label: 'Add it to my cart',
    testId: 'open-mailed-cart',
    onPress: () => bringCarts({ appState: { mailedTicket: ticket } }, messages.signedIn(currentShopper())),
  };
  const isCustomer = currentShopper().state === 'signed-in' && ticket;
  const dismiss = {
    label: 'Not now',
    testId: 'dismiss-mailed-cart',
    onPress: () => {
      forgetMailed();
      view.clearMessage();
    },
  };
  view.showMessage(messages.explainCode('CartWaiting'), [isCustomer ? claim : signIn, dismiss]);
}

function forgetMailed() {
  mailed = null;
  clearInvite();
}

/**
 * Has a mail sent, and says so or why not.
 * @param {string} code of the message after it
 * @param {() => Promise<void>} send
 */
async function mail(code, send) {
  try {
    await send();
    view.showMessage(messages.explainCode(code));
    return true;
  } catch (failure) {
    view.showMessage(messages.explain(failure));
    return false;
  }
}

/** Removes the fragment, so that a reload does not say it again. */
function showSignedOut() {
  history.replaceState(history.state, '', location.pathname + location.search);
  if (session.shopper.state === 'signed-out') view.showMessage(messages.explainCode('SignedOut'));
}

/**
 * @param {RedirectResult} link
 * @param {Shopper} shopper
 */
async function showLinkOutcome(link, shopper) {
  if (link.status === 'linked') return bringCarts(link, messages.linked(shopper));
  if (!link.mayBeOwned) return view.showMessage(messages.explainCode('UserCancelled'));
  if (link.errorCode === 'LoginOutdated') return view.showMessage(messages.explainCode(link.errorCode));
  const isOwned = link.status === 'already-owned';
  offerAccount(link.connectionId, isOwned ? 'IdentityAlreadyOwned' : link.serverCode);
}

/**
 * Explains a link that was refused or failed, and offers the account that the identity may have.
 * @param {string | undefined} connectionId
 * @param {string | undefined} code of Authress
 */
function offerAccount(connectionId, code) {
  const provider = config.connections.find((connection) => connection.connectionId === connectionId);
  const takeAlong = {
    label: 'Take this cart to that account',
    testId: 'take-cart-along',
    onPress: (/** @type {HTMLElement} */ button) =>
      leave(button, 'account', () => session.switchAccount(connectionId, mailed, () => api.claimTicket())),
  };
  const switchAccount = {
    label: 'Sign in to that account',
    testId: 'switch-account',
    onPress: (/** @type {HTMLElement} */ button) =>
      leave(button, 'account', () => session.switchAccount(connectionId, mailed)),
  };
  const keep = { label: 'Keep this cart', testId: 'keep-this-cart' };
  // A customer's cart stays with the account.
  const actions = currentShopper().state === 'anonymous' ? [takeAlong, switchAccount, keep] : [switchAccount, keep];
  view.showMessage(messages.linkFailed(provider?.name ?? 'this provider', code), actions);
}

/** Shows the shopper, and the cart as the server has it. */
async function refresh() {
  shownSession = session.shopper;
  // Another user's cart says nothing about this shopper.
  if (cart.userId !== shownSession.userId) cart = EMPTY_CART;
  view.showShopper(currentShopper());
  if (shownSession.state === 'signed-out') return showCart(EMPTY_CART);
  await changeCart(() => api.cart());
}

/**
 * @param {Product} product
 * @param {HTMLElement} button
 */
async function add(product, button) {
  if (startFailure) return view.showMessage(startFailure);
  await sessionRestored;
  if (view.isBusy(button)) return;
  view.clearMessage();
  if (session.shopper.state === 'signed-out') {
    let stays = false;
    await leave(button, 'cart', async () => {
      stays = await session.startAnonymous(product.productId);
    });
    if (!stays) return;
    noteLeftFor(undefined);
  }
  view.setBusy(button, true);
  await addToCart(product);
  view.setBusy(button, false);
}

/** @param {Product | undefined} product */
async function addToCart(product) {
  if (!product) return view.showMessage(messages.explainCode('UnknownProduct'));
  const added = await changeCart(async () => {
    // Another tab may have changed the cart since it was shown here.
    cart = await api.cart();
    return await setQuantity(product.productId, (quantity) => quantity + 1);
  });
  if (added) view.showMessage(messages.itemAdded(product, currentShopper()));
}

/**
 * @param {string} productId
 * @param {(quantity: number) => number} change
 */
async function onQuantity(productId, change) {
  const changed = await changeCart(() => setQuantity(productId, change));
  if (!changed) return;
  view.clearMessage();
  const item = cart.items.find((other) => other.productId === productId);
  view.announce(item ? `${item.name}: ${item.quantity} in the cart` : 'Removed from the cart');
}

/**
 * @param {string} productId
 * @param {(quantity: number) => number} change
 */
async function setQuantity(productId, change) {
  const quantity = change(cart.items.find((item) => item.productId === productId)?.quantity ?? 0);
  if (quantity > MAX_QUANTITY) throw Object.assign(new Error('The cart is full'), { code: 'InvalidQuantity' });
  return await api.setQuantity(productId, Math.max(0, quantity));
}

/**
 * Runs one cart change after the other, and shows the cart or the failure.
 * @param {() => Promise<Cart>} change
 * @returns {Promise<boolean>} whether it succeeded
 */
async function changeCart(change) {
  const work = cartQueue.then(async () => {
    try {
      showCart(await change());
      return true;
    } catch (failure) {
      showCartFailure(failure);
      return false;
    }
  });
  cartQueue = work;
  const succeeded = await work;
  // Another tab may have signed in or out before the response arrived.
  if (!shownSession || !isSameShopper(session.shopper, shownSession)) await refresh();
  return succeeded;
}

/** @param {unknown} failure */
function showCartFailure(failure) {
  const message = messages.explain(failure);
  const startOver = { label: 'Start over', testId: 'start-over', onPress: signOut };
  view.showMessage(message, message.canStartOver ? [startOver] : []);
  showCart(cart);
}

/**
 * Shows the server's response: the cart, and whose it is.
 * @param {Cart} newCart
 */
function showCart(newCart) {
  cart = newCart;
  const shopper = currentShopper();
  view.showShopper(shopper);
  view.showCart(cart, shopper, onQuantity);
}

async function openProviderPicker() {
  if (startFailure) return view.showMessage(startFailure);
  await sessionRestored;
  const shown = currentShopper();
  view.openPicker(config.connections, shown, (connectionId, button) => signIn(button, connectionId, shown));
}

/**
 * Signs in; for an anonymous shopper that links the identity, and the cart stays.
 * @param {HTMLElement} button
 * @param {string} connectionId
 * @param {Shopper} shown the shopper that the page showed when it offered this
 */
async function signIn(button, connectionId, shown) {
  await leave(
    button,
    'account',
    async () => {
      await confirmShopper(shown);
      const ticket = () => api.claimTicket();
      await session.signIn(connectionId, ticket, mailed).catch(async (failure) => {
        if (!mailed?.inviteId || failure.code !== 'RequestRefused' || failure.status === TOO_MANY_REQUESTS)
          throw failure;
        // The invite has expired or was used. The ticket of its link moves the cart all the same.
        mailed = { claimTicket: mailed.claimTicket };
        await session.signIn(connectionId, ticket, mailed);
      });
    },
    (failure) => {
      // Authress may refuse a link before the browser leaves the page, too.
      const isRefused =
        shown.state === 'anonymous' && failure.code === 'RequestRefused' && failure.status !== TOO_MANY_REQUESTS;
      if (isRefused) offerAccount(connectionId, failure.serverCode);
      return isRefused;
    },
  );
}

/**
 * Asks the shop's server whose session this is now, and rejects unless it is that of the shopper on the page: another tab
 * may have signed in or out meanwhile, and a link would give the new identity access to the other's cart.
 * @param {Shopper} shown
 */
async function confirmShopper(shown) {
  const isSignedOut = session.shopper.state === 'signed-out';
  const current = isSignedOut ? SIGNED_OUT : verifiedShopper(session.shopper, await api.cart());
  if (isSameShopper(current, shown)) return;
  await refresh();
  // The request of the token may have finished an earlier sign-in whose response was lost.
  const code = current.userId === shown.userId ? 'SignInFinished' : 'CartOfAnotherShopper';
  throw Object.assign(new Error('The session has changed'), { code });
}

/** @param {HTMLElement} button */
async function signOut(button) {
  await leave(button, undefined, async () => {
    await session.signOut();
    // Where the session lives in cookies the client stays on this page. Elsewhere the browser is leaving it, and shows
    // this for a moment only.
    await refresh();
    view.noLongerBusy();
    view.showMessage(messages.explainCode('SignedOut'));
  });
}

/**
 * Leaves the page for a login. The button stays busy, because the browser is about to leave the page.
 * @param {HTMLElement} button
 * @param {LeftFor | undefined} leftFor what the browser leaves for
 * @param {() => Promise<void>} go
 * @param {(failure: any) => boolean} [explain] shows a failure; false if it has nothing to say about it
 */
async function leave(button, leftFor, go, explain) {
  if (view.isBusy(button)) return;
  view.setBusy(button, true);
  noteLeftFor(leftFor);
  try {
    await go();
  } catch (failure) {
    noteLeftFor(undefined);
    view.setBusy(button, false);
    view.closePicker();
    if (!explain?.(failure)) view.showMessage(messages.explain(failure));
    view.showShopper(currentShopper());
  }
}

/** @typedef {'cart' | 'account'} LeftFor */

/**
 * Notes in this entry of the history what the browser leaves for: a shopper who presses Back comes to this entry, and one
 * who finishes the login to another one.
 * @param {LeftFor | undefined} leftFor
 */
function noteLeftFor(leftFor) {
  history.replaceState({ ...history.state, leftFor }, '');
}

/** @returns {LeftFor | undefined} */
function takeLeftFor() {
  const leftFor = history.state?.leftFor;
  if (leftFor) noteLeftFor(undefined);
  return leftFor;
}

// The browser may restore this page from its back/forward cache, with a button that is still busy.
window.addEventListener('pageshow', (event) => {
  if (!event.persisted || !session) return;
  view.noLongerBusy();
  view.closePicker();
  sessionRestored = restoreSession();
});

/** Another tab may sign in or out at any time. */
function followOtherTabs() {
  if (!shownSession || isSameShopper(session.shopper, shownSession)) return;
  view.clearMessage();
  void refresh();
}

void start();
