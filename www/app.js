// Wires the parts together: who is shopping (session.js), the shop's server (shop-api.js), what
// the shopper was about to do (intent.js) and the page (view.js).

import { recall, remember } from './intent.js';
import * as messages from './messages.js';
import { ShopperSession } from './session.js';
import { ShopApi } from './shop-api.js';
import * as view from './view.js';

const MAX_QUANTITY = 99;
const NOBODY = { state: 'signed-out', userId: null, name: null, email: null };
const EMPTY_CART = { userId: null, items: [], totalCents: 0 };

let config;
let session;
let api;
let products = [];
let cart = EMPTY_CART;
let shown;
// Cart changes wait for each other, so that three quick presses on + make three more.
let cartWork = Promise.resolve();
// Presses wait until it is known who is shopping ...
let resumed;
// ... or say why nobody can: null, or a message.
let closed = null;

async function open() {
  view.onPress({ signIn: choosePicker, signOut });
  const [stock, settings] = await Promise.allSettled([ShopApi.products(), ShopApi.config()]);
  products = stock.value ?? [];
  view.showProducts(products, add);
  try {
    if (stock.reason ?? settings.reason) throw stock.reason ?? settings.reason;
    config = settings.value;
    session = new ShopperSession(config);
    api = new ShopApi(() => session.token());
  } catch (failure) {
    closed = messages.explain(failure);
    view.showMessage(closed);
    view.showShopper(NOBODY);
    return;
  }
  session.onChange(followOtherTabs);
  resumed = resume();
}

/** Finds out who is shopping and finishes what they were about to do when they left the page. */
async function resume() {
  const intent = recall();
  let returned;
  try {
    returned = await session.resume();
  } catch (failure) {
    view.showMessage(messages.explain(failure));
    await refresh();
    return;
  }
  await refresh();
  await tellOutcome(returned, intent);
}

async function tellOutcome({ link, login }, intent) {
  const shopper = session.shopper;
  if (link) {
    tellLinkOutcome(link, shopper);
  } else if (login && login.status !== 'signed-in') {
    const code = login.serverCode ?? (login.status === 'cancelled' ? 'UserCancelled' : 'SignInUnfinished');
    view.showMessage(messages.explainCode(code, intent?.kind === 'add' ? 'CartNotStarted' : 'access_denied'));
  } else if (intent?.kind === 'add') {
    if (shopper.state === 'signed-out') view.showMessage(messages.explainCode('CartNotStarted'));
    else await addToCart(products.find((product) => product.productId === intent.productId));
  } else if (intent?.kind === 'sign-out') {
    if (shopper.state === 'signed-out') view.showMessage(messages.explainCode('SignedOut'));
  } else if (intent?.kind === 'claim' && shopper.state === 'signed-in') {
    if (await changeCart(() => api.claim(intent.ticket))) view.showMessage(messages.cartMoved(shopper));
  } else if (intent && shopper.state === 'signed-in') {
    view.showMessage(messages.signedIn(shopper));
  } else if (intent) {
    view.showMessage(messages.explainCode('SignInUnfinished'));
  }
}

function tellLinkOutcome(link, shopper) {
  const provider = config.connections.find(({ connectionId }) => connectionId === link.connectionId);
  switch (link.status) {
    case 'linked':
      return view.showMessage(messages.linked(shopper));
    case 'already-owned':
      return view.showMessage(messages.alreadyOwned(provider?.name ?? 'this provider'), [
        {
          label: 'Take this cart to that account',
          testId: 'take-cart-along',
          onPress: (button) => takeCartAlong(button, link.connectionId),
        },
        {
          label: 'Sign in to that account',
          testId: 'switch-account',
          onPress: (button) => leave(button, { kind: 'switch' }, () => session.signInAsSomebodyElse(link.connectionId)),
        },
        { label: 'Keep this cart', testId: 'keep-this-cart' },
      ]);
    case 'cancelled':
      return view.showMessage(messages.explainCode('UserCancelled'));
    default:
      return view.showMessage(messages.explainCode(link.serverCode, 'LinkFailed'));
  }
}

/** Asks for a ticket while this still is the cart's shopper, and signs in as somebody else with it. */
async function takeCartAlong(button, connectionId) {
  if (view.isBusy(button)) return;
  view.setBusy(button, true);
  let ticket;
  try {
    ticket = await api.claimTicket();
  } catch (failure) {
    return tellCartFailure(failure);
  } finally {
    view.setBusy(button, false);
  }
  await leave(button, { kind: 'claim', ticket }, () => session.signInAsSomebodyElse(connectionId));
}

/** Shows who is shopping and their cart as the server has it. */
async function refresh() {
  const shopper = session.shopper;
  shown = fingerprint(shopper);
  view.showShopper(shopper);
  if (shopper.state === 'signed-out') return showCart(EMPTY_CART);
  await changeCart(() => api.cart());
}

async function add(product, button) {
  if (closed) return view.showMessage(closed);
  await resumed;
  if (view.isBusy(button)) return;
  view.clearMessage();
  if (session.shopper.state === 'signed-out') {
    await leave(button, { kind: 'add', productId: product.productId }, () => session.startAnonymous());
    return;
  }
  view.setBusy(button, true);
  await addToCart(product);
  view.setBusy(button, false);
}

async function addToCart(product) {
  if (!product) return view.showMessage(messages.explainCode('UnknownProduct'));
  const added = await changeCart(async () => {
    // Another tab may have changed the cart since it was shown here.
    cart = await api.cart();
    return await setQuantity(product.productId, (quantity) => quantity + 1);
  });
  if (added) view.showMessage(messages.itemAdded(product, session.shopper));
}

async function onQuantity(productId, by) {
  const changed = await changeCart(() => setQuantity(productId, by));
  if (!changed) return;
  view.clearMessage();
  const item = cart.items.find((other) => other.productId === productId);
  view.announce(item ? `${item.name}: ${item.quantity} in the cart` : 'Removed from the cart');
}

async function setQuantity(productId, by) {
  const quantity = by(cart.items.find((item) => item.productId === productId)?.quantity ?? 0);
  if (quantity > MAX_QUANTITY) throw Object.assign(new Error('The cart is full'), { code: 'InvalidQuantity' });
  return await api.setQuantity(productId, Math.max(0, quantity));
}

/** Runs one change after the other; true when it worked. A failure is put into words. */
async function changeCart(change) {
  const work = cartWork.then(async () => {
    try {
      showCart(await change());
      return true;
    } catch (failure) {
      tellCartFailure(failure);
      return false;
    }
  });
  cartWork = work;
  const worked = await work;
  // Another tab may have signed in or out while the server answered.
  if (fingerprint(session.shopper) !== shown) await refresh();
  return worked;
}

function tellCartFailure(failure) {
  const message = messages.explain(failure);
  const startOver = { label: 'Start over', testId: 'start-over', onPress: signOut };
  view.showMessage(message, message.canStartOver ? [startOver] : []);
  view.showShopper(session.shopper);
  showCart(cart);
}

function showCart(newCart) {
  cart = newCart;
  view.showCart(cart, session.shopper, onQuantity);
}

async function choosePicker() {
  if (closed) return view.showMessage(closed);
  await resumed;
  view.openPicker(config.connections, session.shopper, async (connectionId, button) => {
    const kind = session.shopper.state === 'anonymous' ? 'link' : 'sign-in';
    await leave(button, { kind }, () => session.signIn(connectionId));
  });
}

async function signOut(button) {
  await leave(button, { kind: 'sign-out' }, async () => {
    await session.signOut();
    // Where the session lives in cookies the client stays on this page; else the browser leaves
    // it now, and what is shown here is only seen for a moment.
    await refresh();
    view.noLongerBusy();
    view.showMessage(messages.explainCode('SignedOut'));
  });
}

/** Leaves the page for a login. The button stays busy, because the page is about to go. */
async function leave(button, intent, go) {
  if (view.isBusy(button)) return;
  view.setBusy(button, true);
  remember(intent);
  try {
    await go();
  } catch (failure) {
    recall();
    view.setBusy(button, false);
    view.closePicker();
    view.showMessage(messages.explain(failure));
    view.showShopper(session.shopper);
  }
}

// Back from a login page may show this very page again, as it was left.
window.addEventListener('pageshow', (event) => {
  if (!event.persisted || !session) return;
  view.noLongerBusy();
  view.closePicker();
  resumed = resume();
});

/** Another tab may sign in or out at any time. */
function followOtherTabs() {
  if (!shown || fingerprint(session.shopper) === shown) return;
  view.clearMessage();
  void refresh();
}

function fingerprint(shopper) {
  return `${shopper.state} ${shopper.userId}`;
}

void open();
