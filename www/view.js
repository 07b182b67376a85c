// Updates the page. Data becomes text or an attribute, never markup.

/**
 * @import { Cart, CartItem, Product } from './shop-api.js'
 * @import { Message } from './messages.js'
 * @import { Shopper } from './session.js'
 */

/** @typedef {(quantity: number) => number} QuantityChange */

/** @type {(selector: string) => HTMLElement} */
const select = (selector) => {
  const found = document.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}`);
  return found;
};
/** @type {(testId: string) => HTMLElement} */
const find = (testId) => select(`[data-testid="${testId}"]`);

/** @type {(testId: string) => HTMLFormElement} */
export const findForm = (testId) => /** @type {HTMLFormElement} */ (find(testId));

const price = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

/**
 * Creates an element with properties and children; strings become text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ testId?: string, className?: string } & Record<string, unknown>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, { testId, className, ...properties }, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  if (className) created.className = className;
  if (testId) created.dataset.testid = testId;
  created.append(...children);
  return created;
}

/**
 * @param {readonly Product[]} products
 * @param {(product: Product, button: HTMLElement) => unknown} onAdd
 */
export function showProducts(products, onAdd) {
  document.getElementById('boot')?.remove();
  find('products').replaceChildren(
    ...products.map((product) => {
      const add = element(
        'button',
        { type: 'button', className: 'primary', testId: `add-${product.productId}` },
        'Add to cart',
      );
      add.setAttribute('aria-label', `Add to cart: ${product.name}`);
      add.addEventListener('click', () => onAdd(product, add));
      return element(
        'li',
        { className: 'product', testId: `product-${product.productId}` },
        element('img', { src: product.picture, alt: '', width: 400, height: 320 }),
        element(
          'div',
          { className: 'product-text' },
          element('h2', {}, product.name),
          element('p', {}, product.description),
        ),
        element('p', { className: 'price' }, price.format(product.priceCents / 100)),
        add,
      );
    }),
  );
}

/**
 * Marks a button that waits for the server, and ignores further presses.
 * @param {Element} button
 * @param {boolean} busy
 */
export function setBusy(button, busy) {
  button.toggleAttribute('data-busy', busy);
  button.setAttribute('aria-disabled', String(busy));
}

/** @param {Element} button */
export function isBusy(button) {
  return button.hasAttribute('data-busy');
}

export function noLongerBusy() {
  for (const button of document.querySelectorAll('[data-busy]')) setBusy(button, false);
}

/** @type {Record<Shopper['state'], (name: string | null) => [title: string, details: string]>} */
const STATES = {
  'signed-out': () => [
    'Guest',
    'This shop does not know you. It gives you a user id when you first add something to the cart.',
  ],
  anonymous: () => [
    'Shopping anonymously',
    'You have a user id and no account. Until you sign in, only this browser knows it.',
  ],
  'signed-in': (name) => [
    name ? `Signed in as ${name}` : 'Signed in',
    'Your account has this user id. If you shopped here before you signed in, it is the same one.',
  ],
};

/** @param {Shopper} shopper */
export function showShopper(shopper) {
  const [title, details] = STATES[shopper.state](shopper.name);
  const state = find('shopper-state');
  state.textContent = title;
  state.dataset.state = shopper.state;
  state.dataset.userId = shopper.userId ?? '';

  find('sign-in').hidden = shopper.state === 'signed-in';
  find('sign-out').hidden = shopper.state === 'signed-out';
  find('sign-out').textContent = shopper.state === 'anonymous' ? 'Forget me' : 'Sign out';

  find('details-text').textContent = details;
  /** @type {[name: string, value: string | null][]} */
  const facts = [
    ['User id', shopper.userId],
    ['Name', shopper.state === 'signed-in' ? shopper.name : null],
    ['E-mail', shopper.email],
  ];
  find('details-list').replaceChildren(
    ...facts.flatMap(([name, value]) => (value ? [element('dt', {}, name), element('dd', {}, value)] : [])),
  );
}

let offersReminders = false;

export function offerReminders() {
  offersReminders = true;
}

/**
 * Changes the rows that are there instead of creating them again: a shopper who presses + must not lose the focus.
 * @param {Cart} cart
 * @param {Shopper} shopper
 * @param {(productId: string, change: QuantityChange) => unknown} onQuantity
 */
export function showCart(cart, shopper, onQuantity) {
  const list = find('cart-items');
  const rows = new Map(
    [...list.querySelectorAll('li')].map((row) => /** @type {const} */ ([row.dataset.productId, row])),
  );
  const hadFocus = list.contains(document.activeElement);
  const items = cart.items.map((item) => changeRow(rows.get(item.productId) ?? newRow(item, onQuantity), item));
  for (const [index, row] of items.entries()) {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  }
  while (list.children.length > items.length) list.lastElementChild?.remove();
  if (hadFocus && !list.contains(document.activeElement)) select('#cart').focus();

  const pieces = cart.items.reduce((sum, item) => sum + item.quantity, 0);
  find('cart-count').textContent = String(pieces);
  find('cart-total').textContent = price.format(cart.totalCents / 100);
  select('.cart-sum').hidden = pieces === 0;
  find('keep-cart').hidden = pieces === 0 || shopper.state !== 'anonymous';
  find('reminder').hidden = pieces === 0 || shopper.state !== 'anonymous' || !offersReminders;
  const empty = find('cart-empty');
  empty.hidden = pieces > 0;
  empty.textContent =
    shopper.state === 'signed-out'
      ? 'Nothing here yet. The first piece you add starts a cart for you: no account, no form.'
      : 'Nothing here yet.';
}

/**
 * @param {CartItem} item
 * @param {(productId: string, change: QuantityChange) => unknown} onQuantity
 */
function newRow(item, onQuantity) {
  /** @type {(label: string, sign: string, change: QuantityChange) => HTMLButtonElement} */
  const step = (label, sign, change) => {
    const button = element('button', { type: 'button', className: 'step' }, sign);
    button.setAttribute('aria-label', `${label}: ${item.name}`);
    button.addEventListener('click', () => onQuantity(item.productId, change));
    return button;
  };
  const row = element(
    'li',
    { testId: `cart-item-${item.productId}` },
    element('span', { className: 'row-name' }, item.name),
    element('span', { className: 'row-price' }),
    element(
      'span',
      { className: 'stepper' },
      Object.assign(
        step('One less', '−', (quantity) => quantity - 1),
        { name: 'less' },
      ),
      element('span', { className: 'row-quantity', testId: `quantity-${item.productId}` }),
      Object.assign(
        step('One more', '+', (quantity) => quantity + 1),
        { name: 'more' },
      ),
    ),
    Object.assign(
      step('Remove', 'Remove', () => 0),
      { className: 'remove' },
    ),
  );
  row.dataset.productId = item.productId;
  return row;
}

/**
 * @param {HTMLLIElement} row
 * @param {CartItem} item
 */
function changeRow(row, item) {
  /** @type {(selector: string, text: string) => void} */
  const setText = (selector, text) => row.querySelector(selector)?.replaceChildren(text);
  setText('.row-quantity', String(item.quantity));
  setText('.row-price', price.format((item.quantity * item.priceCents) / 100));
  return row;
}

/**
 * Shows a message, which screen readers announce.
 * @param {Message} message
 * @param {{ label: string, testId: string, onPress?: (button: HTMLElement) => unknown }[]} actions the first is the
 * suggested one; an action without `onPress` closes the message
 */
export function showMessage(message, actions = []) {
  const region = find('message');
  region.dataset.kind = message.kind;
  region.dataset.code = message.code;
  const close = element('button', { type: 'button', className: 'close', testId: 'message-close' }, '×');
  close.setAttribute('aria-label', 'Close this message');
  close.addEventListener('click', clearMessage);
  const buttons = actions.map(({ label, testId, onPress = clearMessage }, index) => {
    const button = element('button', { type: 'button', className: index === 0 ? 'primary' : 'quiet', testId }, label);
    button.addEventListener('click', () => onPress(button));
    return button;
  });
  const parts = [element('p', { className: 'message-title' }, message.title), element('p', {}, message.text)];
  if (message.kind === 'error') parts.push(element('p', { className: 'fine' }, `Code: ${message.code}`));
  if (buttons.length > 0) parts.push(element('div', { className: 'message-actions' }, ...buttons));
  region.replaceChildren(element('div', { className: 'message-text' }, ...parts), close);
}

export function clearMessage() {
  const region = find('message');
  const hadFocus = region.contains(document.activeElement);
  Object.assign(region.dataset, { kind: '', code: '' });
  region.replaceChildren();
  if (hadFocus) select('#shelf').focus({ preventScroll: true });
}

/**
 * Tells screen readers what others see in the cart.
 * @param {string} text
 */
export function announce(text) {
  find('announcer').textContent = text;
}

/**
 * Lets the shopper choose an identity provider.
 * @param {readonly { connectionId: string, name: string }[]} connections
 * @param {Shopper} shopper
 * @param {(connectionId: string, button: HTMLElement) => unknown} onPick
 */
export function openPicker(connections, shopper, onPick) {
  const keepsCart = shopper.state === 'anonymous';
  select('#picker-heading').textContent = keepsCart ? 'Sign in and keep your cart' : 'Sign in';
  select('#picker-text').textContent = keepsCart
    ? 'Your cart stays with you. From then on it belongs to the account you choose.'
    : 'Choose where you have an account.';
  find('providers').replaceChildren(
    ...connections.map(({ connectionId, name }) => {
      const pick = element(
        'button',
        { type: 'button', className: 'provider', testId: `provider-${connectionId}` },
        element('span', { className: 'provider-initial', ariaHidden: 'true' }, name.slice(0, 1)),
        `Continue with ${name}`,
      );
      pick.addEventListener('click', () => onPick(connectionId, pick));
      return element('li', {}, pick);
    }),
  );
  picker().showModal();
}

export function closePicker() {
  picker().close();
}

function picker() {
  return /** @type {HTMLDialogElement} */ (find('picker'));
}

/** @param {{ signIn: () => unknown, signOut: (button: HTMLElement) => unknown }} handlers */
export function onPress({ signIn, signOut }) {
  find('sign-in').addEventListener('click', signIn);
  find('keep-cart').addEventListener('click', signIn);
  find('sign-out').addEventListener('click', () => signOut(find('sign-out')));
  find('picker-close').addEventListener('click', closePicker);
  // A press on the backdrop has the dialog itself as its target.
  find('picker').addEventListener('click', (event) => {
    if (event.target === find('picker')) closePicker();
  });
}
