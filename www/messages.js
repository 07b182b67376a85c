// The shop's messages: one row for each code, in words a shopper can act on.

/**
 * @import { Product } from './shop-api.js'
 * @import { Shopper } from './session.js'
 */

/** @typedef {{ kind: 'info' | 'error' | 'success', title: string, text: string }} Text */
/** @typedef {Text & { code: string, canStartOver?: boolean }} Message */

/** @type {(title: string, text: string) => Text} */
const info = (title, text) => ({ kind: 'info', title, text });
/** @type {(title: string, text: string) => Text} */
const error = (title, text) => ({ kind: 'error', title, text });

const TRY_AGAIN = 'Nothing was lost. Try again in a moment.';
const START_OVER = 'Start over, then add what you like again.';
const OUR_FAULT = 'This is a mistake in the shop and not yours. Please tell us the code below.';

const TOOK_TOO_LONG = error(
  'The sign-in took too long',
  'For your safety it only waits a few minutes. Please start it again.',
);

/** @type {Record<string, Text>} */
const CODES = {
  // The outcome of a sign-in.
  UserCancelled: info('You cancelled the sign-in', 'Everything is as it was before.'),
  SignInUnfinished: info(
    'You came back without signing in',
    'Everything is as it was before. You can try again at any time.',
  ),
  AuthenticationRequestExpired: TOOK_TOO_LONG,
  Expired: TOOK_TOO_LONG,
  LoginOutdated: info(
    'This sign-in came too late',
    'You have signed in or out since you started it. Start it again if you still want to.',
  ),
  InvalidCallback: error('The sign-in did not work', 'The address was not as it should be. Please start it again.'),
  LinkFailed: error('The sign-in did not work', 'Your cart is unchanged. Try again, or choose another account.'),
  access_denied: error(
    'The sign-in was refused',
    'Everything is as it was before. Try again, or choose another account.',
  ),
  CartNotStarted: error(
    'Your cart could not be started',
    'The login service did not finish. Press “Add to cart” to try again.',
  ),
  SignedOut: info('You are signed out', 'This browser has forgotten you.'),

  // The login client (LoginError.code).
  AuthressSdkNetworkError: error('The login service cannot be reached', TRY_AGAIN),
  RequestRefused: error(
    'The login service refused the request',
    'Everything is as it was before. Try again; if it happens again, tell us the code below.',
  ),
  InvalidServerResponse: error('The login service sent a response we do not understand', TRY_AGAIN),
  StorageUnavailable: error(
    'Your browser does not let us remember you',
    'Allow site data for this shop, or leave private browsing, and try again.',
  ),
  ModuleLoadFailed: error(
    'Sign-in and cart cannot run in this browser',
    'They need WebAssembly. Load the page again, turn off lockdown mode for this site, or use another browser. You can still look around.',
  ),
  TokenTimeout: error('Your session has ended', 'Add something to the cart, or sign in, to start a new one.'),
  NotLoggedIn: error('Your session has ended', 'Add something to the cart, or sign in, to start a new one.'),
  SessionNotBegunHere: info(
    'This cart is not yours alone, perhaps',
    'Sign in to your account. What is in the cart comes along.',
  ),
  UserChanged: info(
    'Someone has signed in meanwhile',
    'The page shows their cart now. Press the button again if you still want to.',
  ),
  SignInFinished: info('You are signed in', 'Your earlier sign-in has been completed, and your cart is still here.'),
  CartOfAnotherShopper: info(
    'This is not the cart you saw',
    'Someone has signed in or out in this browser meanwhile. The page shows the cart of now. Sign in again if it is yours.',
  ),
  InvalidAuthressApiUrl: error('The shop is not set up correctly', OUR_FAULT),
  InvalidApplication: error('The shop is not set up correctly', OUR_FAULT),
  InvalidInput: error('Something went wrong', OUR_FAULT),
  InvalidConnection: error('This way to sign in does not exist', 'Choose another account.'),
  InvalidResponseLocation: error('Something went wrong', OUR_FAULT),
  InvalidRedirectUrl: error('Something went wrong', OUR_FAULT),
  InternalError: error('Something went wrong', OUR_FAULT),

  // The shop's own API.
  ShopUnreachable: error(
    'The shop’s server cannot be reached',
    'Check your connection and try again. Your cart is kept.',
  ),
  ShopFailed: error('The shop’s server has a problem', 'Try again in a moment. Your cart is kept.'),
  KeysUnavailable: error(
    'The shop cannot check who you are at the moment',
    'Try again in a moment. Your cart is kept.',
  ),
  UnknownProduct: error('This piece is not sold any more', 'Load the page again to see what is on the shelf.'),
  InvalidQuantity: error('You can have 0 to 99 of each piece', 'Choose a smaller number.'),
  TicketExpired: error(
    'Your cart could not be moved',
    'It took too long. Your account has not changed. You can add what you had chosen again.',
  ),
  TicketAlreadyUsed: error(
    'Your cart was moved before',
    'It can be moved only once. Look in the cart: everything should be there.',
  ),
  TicketUnavailable: error('Your cart could not be moved now', 'Try again in a moment.'),
  TicketSameUser: info('This is your account’s cart', 'You are signed in, with the same cart as before.'),
  TicketForged: error(
    'Your cart could not be moved',
    'The shop has been restarted. You can add what you had chosen again.',
  ),
  InvalidReminderRequest: error('This is no e-mail address', 'Check it and try again, for example name@example.com.'),
  CartEmpty: info('Your cart is empty', 'Add something first.'),
  TooManyReminders: error('That was enough mail for now', 'Try again later. The links of the last mail still work.'),
  WrongReminderCode: error('This is not the code', 'Copy the six digits of the last mail.'),
  ReminderExpired: error('The code is no longer valid', 'Have another mail sent.'),
  ReminderUnavailable: error('The mail cannot be sent at the moment', 'Try again soon.'),
  ReminderSent: {
    kind: 'success',
    title: 'The mail is on its way',
    text: 'Type its code here: then you keep the same user id on the other device.',
  },
  ReminderConfirmed: {
    kind: 'success',
    title: 'A second mail is on its way',
    text: 'Open its link on the other device and sign in there.',
  },
  CartWaiting: info('Your cart is waiting', 'Sign in, and it is here. Go on only if you asked for this mail yourself.'),
  CartsUnavailable: error('The shop cannot open carts at the moment', TRY_AGAIN),
  MigratesElsewhere: error('Your cart was moved before', 'It is in the account that you signed in to first.'),
  CartOfAnotherUser: error('This is not your cart', 'Sign in with the account that it belongs to.'),
  OwnershipUnavailable: error('Your cart cannot be opened at the moment', TRY_AGAIN),
  SessionOutdated: error('This cart belongs to an account now', 'Start over, then sign in: the cart is there.'),
  TokenUnreadable: error(
    'The shop cannot read your session',
    'Start over, or ask the shop to allow tokens in the page.',
  ),
  TokenExpired: error('Your session has ended', START_OVER),
  TokenUnknownKey: error('The shop does not know your session any more', START_OVER),
};

// To a shopper all other rejections of a token mean the same.
const REJECTED_TOKEN = error('The shop does not accept your session', START_OVER);

/**
 * The message for a failure of the login client or of the shop's API.
 * @param {any} failure
 * @returns {Message}
 */
export function explain(failure) {
  const code = codeOf(failure);
  const row = CODES[code] ?? (isTokenRejection(code) ? REJECTED_TOKEN : CODES.InternalError);
  return { ...row, code, canStartOver: isTokenRejection(code) || code === 'SessionOutdated' };
}

/**
 * The message for a code of the login service.
 * @param {string | undefined} code
 * @param {string} fallback the code whose message to show if the service's has none
 * @returns {Message}
 */
export function explainCode(code, fallback = 'InternalError') {
  const known = code !== undefined && Object.hasOwn(CODES, code) ? code : fallback;
  return { ...CODES[known], code: known };
}

/**
 * @param {Product} product
 * @param {Shopper} shopper
 * @returns {Message}
 */
export function itemAdded(product, shopper) {
  const text =
    shopper.state === 'anonymous'
      ? 'No account needed: this browser has its own cart now. Sign in later to keep it.'
      : 'It is kept with your account.';
  return { kind: 'success', code: 'ItemAdded', title: `${product.name} is in your cart`, text };
}

/**
 * @param {Shopper} shopper
 * @returns {Message}
 */
export function linked(shopper) {
  return {
    kind: 'success',
    code: 'Linked',
    title: 'Your cart came with you',
    text: `You are signed in as ${nameOf(shopper)}, with the same cart as before. It is there wherever you sign in.`,
  };
}

/**
 * @param {Shopper} shopper
 * @returns {Message}
 */
export function signedIn(shopper) {
  return {
    kind: 'success',
    code: 'SignedIn',
    title: `Signed in as ${nameOf(shopper)}`,
    text: 'This is your account’s cart.',
  };
}

/**
 * The message after a mailed link has kept the user id.
 * @param {Shopper} shopper
 * @returns {Message}
 */
export function cartOpened(shopper) {
  return {
    kind: 'success',
    code: 'CartOpened',
    title: 'Your cart is here',
    text: `You are signed in as ${nameOf(shopper)}, with the cart of your other device.`,
  };
}

/**
 * The message after the anonymous cart was moved to the account's.
 * @param {Shopper} shopper
 * @returns {Message}
 */
export function cartMoved(shopper) {
  return {
    kind: 'success',
    code: 'CartMoved',
    title: `Signed in as ${nameOf(shopper)}`,
    text: 'What you chose before is in your account’s cart now, together with what was there.',
  };
}

/**
 * The message after a link that was refused or failed. The identity may have an account of its own, and then it cannot have
 * the anonymous user id too.
 * @param {string} providerName
 * @param {string | undefined} code of the login service
 * @returns {Message}
 */
export function linkFailed(providerName, code) {
  if (code !== 'IdentityAlreadyOwned') {
    const { text, ...message } = explainCode(code, 'LinkFailed');
    const offer = `If you already have an account with ${providerName}, you can sign in to it and take this cart along.`;
    return { ...message, text: `${text} ${offer}` };
  }
  return {
    kind: 'info',
    code,
    title: `You already have an account with ${providerName}`,
    text:
      'It has its own cart, so we did not mix the two. The cart you see here has not changed. ' +
      'You can take it along to your account, keep shopping with it, or sign in to your account and leave it behind.',
  };
}

/** @param {Shopper} shopper */
function nameOf(shopper) {
  return shopper.name ?? 'a customer';
}

/**
 * The server's code if it has a message of its own, which is more specific than the client's.
 * @param {any} failure
 * @returns {string}
 */
function codeOf(failure) {
  if (Object.hasOwn(CODES, failure?.serverCode ?? '')) return failure.serverCode;
  return typeof failure?.code === 'string' && /^[A-Za-z_]{1,60}$/.test(failure.code) ? failure.code : 'InternalError';
}

/** @param {string} code */
function isTokenRejection(code) {
  return code.startsWith('Token') && code !== 'TokenTimeout';
}
