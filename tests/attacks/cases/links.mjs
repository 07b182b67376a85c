// Attacks that attach a shopper's identity to the attacker's user id, or put the attacker's session into a browser.

import { Person, claimsOf, plantCookies, send, statementFor } from '../people.mjs';

/** @import { Attack } from '../attacks.mjs' */

const STATES = /** @type {const} */ (['no session', 'an anonymous session', 'signed in']);
const WAYS = /** @type {const} */ (['an e-mail', 'another site']);

/** @param {string} variant */
function partsOf(variant) {
  const [state, from] = variant.split(', from ');
  return { state: STATES.find((one) => one === state) ?? STATES[0], from: WAYS.find((one) => one === from) ?? WAYS[0] };
}

/** @type {Attack[]} */
export const links = [
  {
    id: 'link of the attacker’s user id',
    sentence:
      'The attacker begins a link for an anonymous user id and sends its `authenticationUrl`. The shopper signs in.',
    refusal: 'Authress shows an error page; nothing is linked',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: STATES.flatMap((state) => WAYS.map((from) => `${state}, from ${from}`)),
    async succeeds(cast, variant) {
      const { state, from } = partsOf(variant);
      const attacker = await (await Person.visitor(cast)).has('an anonymous session');
      const { authenticationUrl } = await attacker.begin('linkIdentity');
      const shopper = await Person.shopper(cast).has(state);
      // A signed-in shopper has an identity at this account already; another one is at hand.
      if (state === 'signed in') shopper.account += '-two';
      await shopper.follow(authenticationUrl, from);
      await shopper.pickIfAsked();
      return (await attacker.identities()) > 1;
    },
  },
  {
    id: 'login of the attacker’s statement',
    sentence:
      'The attacker takes the verifier’s statement of one login and sends it to the shopper in `/login` with the `state` of another. The shopper then signs in “to keep this cart”.',
    refusal: 'Authress shows an error page, or the session that was found is not linked',
    topologies: ['localhost', 'https', 'cross-site'],
    variants: ['the statement was used', 'the statement is used later', 'the shopper has an anonymous session'],
    async succeeds(cast, variant) {
      const attacker = await Person.visitor(cast);
      await attacker.open('/?attacker');
      const first = await attacker.begin('authenticate');
      const second = await attacker.begin('authenticate', { redirectUrl: '/?second' });
      const statement = await statementFor(cast, first.authenticationUrl);
      const lure = new URL(statement);
      lure.searchParams.set('state', second.authenticationRequestId);
      // In the attacker's own browser the login goes on as usual.
      const use = async () => {
        await attacker.page.goto(first.authenticationUrl, { referer: cast.stack.shopUrl }).catch(() => {});
        await attacker.page.goto(statement.href).catch(() => {});
        await attacker.open('/?attacker');
      };
      if (variant === 'the statement was used') await use();
      const shopper = await Person.shopper(cast).has(
        variant === 'the shopper has an anonymous session' ? 'an anonymous session' : 'no session',
      );
      await shopper.follow(lure.href, 'an e-mail');
      await shopper.open('/?later');
      await shopper.userId();
      await shopper.link();
      if (variant !== 'the statement was used') await use();
      return (await attacker.identities()) > 1;
    },
  },
  {
    id: 'cookies from a sibling host',
    sentence:
      'A sibling subdomain sets the attacker’s `user`, `authorization` and session cookies for the parent domain. The shopper signs in “to keep this cart”.',
    refusal: '`linkIdentity` rejects; the session that was found is not linked',
    topologies: ['https'],
    variants: ['no session', 'an anonymous session'],
    async succeeds(cast, variant) {
      const attacker = await (await Person.visitor(cast)).has('an anonymous session');
      const shopper = Person.shopper(cast);
      await shopper.has(variant === 'no session' ? 'no session' : 'an anonymous session');
      await plantCookies(attacker, shopper.page, ['user', 'authorization', 'authress-session']);
      await shopper.open('/?later');
      await shopper.userId();
      await shopper.link();
      return (await attacker.identities()) > 1;
    },
  },
  {
    id: 'session cookie of another user under a link',
    sentence:
      'Authress’s session cookie is the attacker’s, while the page shows the shopper’s own user id. The shopper links.',
    refusal: 'the link is made for the user that the page shows, or refused',
    topologies: ['https'],
    variants: ['the token is readable', 'the token is hidden from scripts'],
    async succeeds(cast, variant) {
      if (variant === 'the token is hidden from scripts')
        await cast.authress.setDialect({ enableAccessToToken: false });
      const attacker = await (await Person.visitor(cast)).has('an anonymous session');
      const shopper = await Person.shopper(cast).has('an anonymous session');
      await plantCookies(attacker, shopper.page, ['authress-session']);
      await shopper.link();
      return (await attacker.identities()) > 1;
    },
  },
  {
    id: 'link that comes back as another user',
    sentence:
      'While the shopper is at the provider, the cookies of the session are replaced. The link is refused and returns.',
    refusal: 'the session stays that of the shopper, or ends',
    topologies: ['https'],
    variants: ['an owned identity', 'a cancelled link'],
    async succeeds(cast, variant) {
      await cast.authress.setDialect({ refusedLink: 'plainCallback' });
      const attacker = await (await Person.visitor(cast)).has('an anonymous session');
      const other = await (await Person.visitor(cast)).has('signed in');
      const shopper = await Person.shopper(cast).has('an anonymous session');
      shopper.account = other.account;
      await shopper.leave('linkIdentity', { connectionId: 'con_acorn', redirectUrl: '/?back' });
      await shopper.shop.isAtProvider('con_acorn');
      await plantCookies(attacker, shopper.page, ['user', 'authorization', 'authress-session']);
      if (variant === 'a cancelled link') await shopper.shop.press('cancel');
      else await shopper.pick(shopper.account);
      await shopper.hasReturnedTo('/?back');
      await shopper.call('getLinkResult');
      return (await shopper.userId()) === (await attacker.userId());
    },
  },
  {
    id: 'request that is repeated as another user',
    sentence:
      'An API answers 401, and Authress’s session cookie is the attacker’s: the client renews and sends the same body again.',
    refusal: 'the request is not repeated as another user',
    topologies: ['https'],
    variants: ['POST', 'GET'],
    async succeeds(cast, variant) {
      const attacker = await (await Person.visitor(cast)).has('an anonymous session');
      const shopper = await Person.shopper(cast).has('an anonymous session');
      const attackerId = await attacker.userId();
      await plantCookies(attacker, shopper.page, ['authress-session']);
      /** @type {string[]} */
      const users = [];
      await shopper.page.route('**/api/probe', async (route) => {
        const { authorization = '' } = await route.request().allHeaders();
        users.push(authorization ? claimsOf(authorization).sub : '');
        await route.fulfill({ status: users.length > 1 ? 200 : 401, contentType: 'application/json', body: '{}' });
      });
      await shopper.page.evaluate(async (method) => {
        const body = method === 'POST' ? JSON.stringify({ address: 'Private Road 1' }) : undefined;
        await window.login.fetch('/api/probe', { method, body }).catch(() => {});
      }, variant);
      return users.includes(attackerId ?? '');
    },
  },
  {
    id: 'forged name',
    sentence: 'A sibling subdomain sets an unsigned `user` cookie.',
    refusal: 'the page shows no session',
    topologies: ['https'],
    variants: ['without an issuer', 'with an issuer'],
    async succeeds(cast, variant) {
      const segment = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = { sub: 'user_mallory', name: 'Mallory', email: 'mallory@evil.example' };
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const issuer = variant === 'with an issuer' ? { iss: cast.stack.sandboxUrl } : {};
      const value = `${segment({ alg: 'none' })}.${segment({ ...claims, ...issuer, exp })}.`;
      await cast.context.addCookies([{ name: 'user', value, domain: '.shop.test', path: '/', secure: true }]);
      const shopper = await Person.shopper(cast).has('no session');
      await shopper.userId();
      return (await shopper.snapshot()).userIdentity?.name === 'Mallory';
    },
  },
  {
    id: 'HEAD to the verifier',
    sentence: 'A link preview or an attacker sends `HEAD` for a shopper’s login.',
    refusal: '405; the login goes on',
    topologies: ['localhost'],
    variants: ['HEAD'],
    async succeeds(cast) {
      const shopper = await Person.shopper(cast).has('no session');
      const { authenticationRequestId: state } = await shopper.begin('authenticate');
      const query = new URLSearchParams({ state, redirect_uri: `${cast.stack.sandboxUrl}/login` });
      const url = `${cast.stack.verifierUrl}/v1/login?${query}`;
      const head = await send(cast, url, { method: 'HEAD' });
      const get = await send(cast, url, { headers: { accept: 'text/html' } });
      return head.status < 400 || head.location !== '' || get.status !== 302;
    },
  },
  {
    id: 'parameters in the query of redirect_uri',
    sentence:
      'A request to the verifier has a `redirect_uri` with parameters that Authress would read beside the statement.',
    refusal: '400',
    topologies: ['localhost'],
    variants: ['error=x', 'e%72ror=x', 'connectionId=con_x', 'code=x', 'state=y', '%53tate=y', 'iss=x'],
    async succeeds(cast, variant) {
      const redirectUri = `${cast.stack.sandboxUrl}/login?${variant}`;
      const query = new URLSearchParams({ state: 'anything', redirect_uri: redirectUri });
      const { status } = await send(cast, `${cast.stack.verifierUrl}/v1/login?${query}`, {
        headers: { accept: '*/*' },
      });
      return status !== 400;
    },
  },
];
