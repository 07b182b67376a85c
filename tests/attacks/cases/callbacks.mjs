// Attacks by addresses: laid parameters, doubled parameters, tokens, callbacks of others and old ones.

import { until } from '../../e2e/support/until.mjs';
import { Person } from '../people.mjs';

/**
 * @import { Attack } from '../attacks.mjs'
 * @import { Cast } from '../../e2e/support/story.mjs'
 */

/** How the name of a parameter is written: each decodes to itself. */
const SPELLINGS = {
  plain: (/** @type {string} */ name) => name,
  '%6e': (/** @type {string} */ name) => encoded(name.slice(0, 1)) + name.slice(1),
  '%6E': (/** @type {string} */ name) => encoded(name.slice(0, 1)).toUpperCase() + name.slice(1),
  'every letter encoded': (/** @type {string} */ name) => encoded(name),
};

/** @param {string} text */
const encoded = (text) => [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');

/**
 * @param {keyof typeof SPELLINGS} spelling
 * @param {Record<string, string>} parameters
 */
const queryOf = (spelling, parameters) =>
  Object.entries(parameters)
    .map(([name, value]) => `${SPELLINGS[spelling](name)}=${encodeURIComponent(value)}`)
    .join('&');

const spellings = /** @type {(keyof typeof SPELLINGS)[]} */ (Object.keys(SPELLINGS));
/** @param {string} variant */
const spellingOf = (variant) => spellings.find((spelling) => variant.includes(spelling)) ?? 'plain';

/**
 * The tokens of the attacker's own session.
 * @param {Cast} cast
 */
export async function attackersTokens(cast) {
  const attacker = await (await Person.visitor(cast)).has('an anonymous session');
  const access_token = await attacker.token();
  const { azp, ...claims } = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url').toString());
  const segment = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const id_token = `${segment({ alg: 'EdDSA' })}.${segment({ ...claims, azp, client_id: claims.client_id })}.AAAA`;
  return { userId: await attacker.userId(), parameters: { access_token, id_token, expires_in: '86400' } };
}

/**
 * Authress is out of order when the code is exchanged, the shopper signs out in another tab, and the first is restored.
 * @param {Cast} cast
 * @param {Person} shopper
 * @returns {Promise<boolean>} whether the login was completed then
 */
async function isFinishedAfterSignOut(cast, shopper) {
  await cast.authress.fail('POST', '/api/authentication/', { status: 503, times: 1000 });
  await shopper.startAnonymous();
  const isUnfinished = () => Object.keys(sessionStorage).some((key) => key.startsWith('AuthenticationCallback '));
  await until(() => shopper.page.evaluate(isUnfinished), true, 'the callback is unfinished');
  const tab = new Person(cast, await cast.newTab());
  await tab.open('/?tab');
  await tab.logOut();
  await cast.authress.stopFailing();
  await shopper.page.bringToFront();
  await shopper.page.reload();
  await shopper.isReady();
  return (await shopper.userId()) !== null;
}

/** @type {Attack[]} */
export const callbacks = [
  {
    id: 'tokens in a link',
    sentence: 'A link to the shop carries the attacker’s tokens.',
    refusal: 'no session; the tokens are removed from the address',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: spellings.flatMap((spelling) => [`${spelling}, no session`, `${spelling}, an anonymous session`]),
    async succeeds(cast, variant) {
      const { userId, parameters } = await attackersTokens(cast);
      const shopper = Person.shopper(cast);
      await shopper.has(variant.endsWith('no session') ? 'no session' : 'an anonymous session');
      const own = { nonce: 'invented', iss: cast.stack.sandboxUrl };
      await shopper.open(`/?${queryOf(spellingOf(variant), { ...own, ...parameters })}`);
      const isPlanted = (await shopper.userId()) === userId;
      const names = [...new URL(await shopper.page.url()).searchParams.keys()];
      return isPlanted || names.includes('access_token') || names.includes('id_token');
    },
  },
  {
    id: 'tokens laid into the address before a login',
    sentence:
      'The shopper opens a link with the attacker’s tokens, and begins a login there, whose `redirectUrl` is the address.',
    refusal: 'the redirect URL is sent without them; the session is the shopper’s own',
    topologies: ['localhost', 'cross-site'],
    variants: [...spellings],
    async succeeds(cast, variant) {
      const { userId, parameters } = await attackersTokens(cast);
      const shopper = Person.shopper(cast);
      await shopper.open(`/?${queryOf(spellingOf(variant), parameters)}`);
      const { shopperConnectionId: connectionId } = cast.stack;
      await shopper.leaveAndReturn(() => shopper.leave('authenticate', { connectionId }));
      return (await shopper.userId()) === userId;
    },
  },
  {
    id: 'error laid into the address before a login',
    sentence: 'The shopper opens a link with `error=access_denied`, and begins a login there.',
    refusal: 'the login is completed',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: [...spellings],
    async succeeds(cast, variant) {
      const shopper = Person.shopper(cast);
      await shopper.open(`/?${queryOf(spellingOf(variant), { error: 'access_denied', errorCode: 'UserCancelled' })}`);
      const { shopperConnectionId: connectionId } = cast.stack;
      await shopper.leaveAndReturn(() => shopper.leave('authenticate', { connectionId }));
      const { value } = await shopper.call('getLoginResult');
      return value?.status !== 'signed-in' || (await shopper.userId()) === null;
    },
  },
  {
    id: 'result of a link laid into the address',
    sentence:
      'The shopper opens a link with `errorCode=IdentityAlreadyOwned` and signs in: the shop offers to move the cart.',
    refusal: 'the result is that of the link',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: [...spellings],
    async succeeds(cast, variant) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const laid = { error: 'access_denied', errorCode: 'IdentityAlreadyOwned', nonce: 'laid' };
      await shopper.open(`/?${queryOf(spellingOf(variant), laid)}`);
      await shopper.leave('linkIdentity', { connectionId: 'con_acorn' });
      await shopper.shop.isAtProvider('con_acorn');
      await shopper.returnAfter(() => shopper.pick(shopper.account));
      const { value } = await shopper.call('getLinkResult');
      return value?.status !== 'linked';
    },
  },
  {
    id: 'doubled parameter',
    sentence: 'A callback reaches the page with a parameter twice, one of them the attacker’s.',
    refusal: 'the callback is refused and nothing is used up: the real one still works',
    topologies: ['localhost', 'cross-site'],
    variants: ['nonce', 'iss', 'access_token', 'code'].flatMap((name) =>
      ['first', 'last'].flatMap((place) => ['plain', '%6e', '%6E'].map((spelling) => `${name}, ${place}, ${spelling}`)),
    ),
    appliesTo: ({ topology }, variant) =>
      !(topology === 'localhost' ? variant.startsWith('code') : variant.startsWith('access_token')),
    async succeeds(cast, variant) {
      const [name, place] = variant.split(', ');
      const attackers = name === 'access_token' ? await attackersTokens(cast) : null;
      const shopper = await Person.shopper(cast).has('no session');
      const real = await shopper.callbackOf((await shopper.begin('authenticate')).authenticationUrl);
      /** @type {Record<string, string>} */
      const value = { nonce: 'another', iss: 'https://login.evil.example', code: 'stolen', ...attackers?.parameters };
      const extra = queryOf(spellingOf(variant), { [name]: value[name] });
      const query = real.search.slice(1);
      const doubled = `${real.origin}${real.pathname}?${place === 'first' ? `${extra}&${query}` : `${query}&${extra}`}`;
      await shopper.page.goto(doubled);
      await shopper.isReady();
      const taken = await shopper.userId();
      if (attackers && taken === attackers.userId) return true;
      // The other parameter may have been the right one; otherwise the real callback must still work.
      if (taken === null) {
        await shopper.page.goto(real.href);
        await shopper.isReady();
        return (await shopper.userId()) === null;
      }
      return true;
    },
  },
  {
    id: 'callback of the attacker’s login',
    sentence: 'The shopper opens the callback of a login that the attacker began (login CSRF).',
    refusal: 'the shopper keeps the own session, or has none',
    topologies: ['localhost', 'cross-site'],
    variants: ['no session', 'an anonymous session', 'signed in'],
    async succeeds(cast, variant) {
      const attacker = await Person.visitor(cast);
      await attacker.open('/?attacker');
      const begun = await attacker.begin('authenticate', { connectionId: 'con_acorn' });
      const lure = await attacker.callbackOf(begun.authenticationUrl);
      const shopper = await Person.shopper(cast).has(
        variant === 'signed in' ? 'signed in' : variant === 'no session' ? 'no session' : 'an anonymous session',
      );
      const before = await shopper.userId();
      await shopper.page.goto(lure.href);
      await shopper.isReady();
      return (await shopper.userId()) !== before;
    },
  },
  {
    id: 'callback of another issuer',
    sentence: 'The callback of the shopper’s own login names another issuer (mix-up).',
    refusal: 'no session; the real callback still works',
    topologies: ['localhost', 'cross-site'],
    variants: ['https://login.evil.example', 'look-alike'],
    async succeeds(cast, variant) {
      const shopper = await Person.shopper(cast).has('no session');
      const real = await shopper.callbackOf((await shopper.begin('authenticate')).authenticationUrl);
      const forged = new URL(real);
      const lookAlike = cast.stack.sandboxUrl.replace('://', '://evil-');
      forged.searchParams.set('iss', variant === 'look-alike' ? lookAlike : variant);
      await shopper.page.goto(forged.href);
      await shopper.isReady();
      if ((await shopper.userId()) !== null) return true;
      await shopper.page.goto(real.href);
      await shopper.isReady();
      return (await shopper.userId()) === null;
    },
  },
  {
    id: 'callback that is opened again',
    sentence: 'After a sign-out, another user of the device opens the callback again.',
    refusal: 'no session',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: ['in another tab', 'by Back', 'in a restored tab', 'unfinished, in a restored tab'],
    appliesTo: ({ topology }, variant) => !variant.startsWith('unfinished') || topology === 'cross-site',
    async succeeds(cast, variant) {
      const shopper = await Person.shopper(cast).has('no session');
      if (variant.startsWith('unfinished')) return await isFinishedAfterSignOut(cast, shopper);
      /** @type {string[]} */
      const seen = [];
      shopper.page.on('request', (request) => {
        const { origin, searchParams } = new URL(request.url());
        if (request.isNavigationRequest() && origin === cast.stack.shopUrl && searchParams.has('nonce'))
          seen.push(request.url());
      });
      await shopper.startAnonymous();
      await shopper.userId();
      await shopper.logOut();
      if (seen.length === 0) throw new Error('there was no callback');
      if (variant === 'by Back') {
        await shopper.shop.goBack();
        await shopper.isReady();
        return (await shopper.userId()) !== null;
      }
      if (variant === 'in a restored tab') {
        await shopper.page.evaluate((url) => history.replaceState(null, '', url), seen[0]);
        await shopper.page.reload();
        await shopper.isReady();
        return (await shopper.userId()) !== null;
      }
      const tab = new Person(cast, await cast.newTab());
      await tab.open(new URL(seen[0]).pathname + new URL(seen[0]).search);
      return (await tab.userId()) !== null;
    },
  },
  {
    id: 'old callback after a newer decision',
    sentence:
      'A login waits at the provider in one tab, while the shopper signs out or signs in as another in a second tab. Then it returns.',
    refusal: 'the newer decision stays',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: ['after a sign-out', 'after another sign-in'],
    async succeeds(cast, variant) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      await shopper.leave('authenticate', { connectionId: 'con_acorn', redirectUrl: '/?back' });
      await shopper.shop.isAtProvider('con_acorn');
      const tab = new Person(cast, await cast.newTab());
      await tab.open('/?tab');
      if (variant === 'after a sign-out') {
        await tab.userId();
        await tab.logOut();
      } else {
        await tab.visitProvider('authenticate', 'con_birch', () => tab.pick(tab.account));
      }
      const decided = await tab.userId();
      await shopper.page.bringToFront();
      await shopper.pick(shopper.account);
      await shopper.hasReturnedTo('/?back');
      await shopper.call('getLoginResult');
      return (await shopper.userId()) !== decided;
    },
  },
  {
    id: 'PKCE code verifiers after a sign-out',
    sentence: 'Another user of the device reads the storage of a browser whose shopper began a login and signed out.',
    refusal: 'there is none',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: ['a login', 'a link'],
    async succeeds(cast, variant) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      await shopper.begin(variant === 'a link' ? 'linkIdentity' : 'authenticate');
      await shopper.logOut();
      await shopper.userId();
      const stored = await shopper.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      return /codeVerifier/i.test(stored);
    },
  },
  {
    id: 'page from the back/forward cache after a sign-out',
    sentence: 'The shopper signs out in a second tab; another user of the device goes back to the first.',
    refusal: 'the page shows no session',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: ['Back'],
    async succeeds(cast) {
      const shopper = await Person.shopper(cast).has('an anonymous session');
      await shopper.userId();
      await shopper.page.goto(`${cast.stack.shopUrl}/config.json`);
      const tab = new Person(cast, await cast.newTab());
      await tab.open('/?tab');
      await tab.userId();
      await tab.logOut();
      await shopper.page.bringToFront();
      await shopper.shop.goBack();
      await shopper.isReady();
      const isGone = shopper.page.waitForFunction(() => window.login.getSnapshot().status === 'signed-out', null, {
        polling: 50,
        timeout: 5000,
      });
      return await isGone.then(
        () => false,
        () => true,
      );
    },
  },
];
