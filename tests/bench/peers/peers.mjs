// One entry for each peer: the nearest thing it has to an anonymous login (or a login), the token, a link to another
// identity, notifications of changes, and logout. What a page does not name may be left out by the bundler.

const settings = "{ url: 'https://login.example.com', clientId: 'shop' }";

export const PEERS = [
  {
    title: 'commercetools, anonymous session only',
    from: '@commercetools/ts-client',
    code: `import { ClientBuilder } from '@commercetools/ts-client';
      export const client = (options) => new ClientBuilder().withAnonymousSessionFlow(options).build();`,
  },
  {
    title: 'Keycloak',
    from: 'keycloak-js',
    code: `import Keycloak from 'keycloak-js';
      const keycloak = new Keycloak({ ...${settings}, realm: 'shop' });
      export const login = () => keycloak.init({}).then(() => keycloak.login());
      export const token = () => keycloak.updateToken(30).then(() => keycloak.token);
      export const link = (action) => keycloak.login({ action });
      export const subscribe = (listener) => { keycloak.onAuthSuccess = listener; };
      export const logout = () => keycloak.logout();`,
  },
  {
    title: '`@authress/login`, what this package takes the place of',
    from: '@authress/login',
    code: `import { LoginClient } from '@authress/login';
      const client = new LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: 'app_shop' });
      export const login = (options) => client.authenticate(options);
      export const token = () => client.ensureToken();
      export const link = (options) => client.linkIdentity(options);
      export const exists = () => client.userSessionExists();
      export const logout = () => client.logout();`,
  },
  {
    title: 'Better Auth with `anonymousClient`',
    from: 'better-auth',
    code: `import { createAuthClient } from 'better-auth/client';
      import { anonymousClient } from 'better-auth/client/plugins';
      const client = createAuthClient({ baseURL: 'https://login.example.com', plugins: [anonymousClient()] });
      export const login = () => client.signIn.anonymous();
      export const token = () => client.getSession();
      export const link = (options) => client.linkSocial(options);
      export const subscribe = (listener) => client.useSession.subscribe(listener);
      export const logout = () => client.signOut();`,
  },
  auth0('Auth0, its older line', 'auth0-spa-js-2.1'),
  auth0('Auth0', '@auth0/auth0-spa-js'),
  {
    title: 'Logto',
    from: '@logto/browser',
    code: `import LogtoClient from '@logto/browser';
      const client = new LogtoClient({ endpoint: 'https://login.example.com', appId: 'shop' });
      export const login = (url) => client.signIn(url);
      export const back = (url) => client.handleSignInCallback(url);
      export const token = () => client.getAccessToken();
      export const logout = (url) => client.signOut(url);`,
  },
  {
    title: 'oidc-client-ts',
    from: 'oidc-client-ts',
    code: `import { UserManager } from 'oidc-client-ts';
      const manager = new UserManager({ authority: 'https://login.example.com', client_id: 'shop', redirect_uri: '/' });
      export const login = () => manager.signinRedirect();
      export const back = () => manager.signinRedirectCallback();
      export const token = () => manager.getUser().then((user) => user?.access_token);
      export const subscribe = (listener) => manager.events.addUserLoaded(listener);
      export const logout = () => manager.signoutRedirect();`,
  },
  {
    title: 'axa-oidc',
    from: '@axa-fr/oidc-client',
    code: `import { OidcClient } from '@axa-fr/oidc-client';
      const client = OidcClient.getOrCreate(() => fetch)({ authority: 'https://login.example.com', client_id: 'shop', redirect_uri: '/', scope: 'openid' });
      export const login = () => client.loginAsync();
      export const back = () => client.tryKeepExistingSessionAsync();
      export const token = () => client.getValidTokenAsync();
      export const subscribe = (listener) => client.subscribeEvents(listener);
      export const logout = () => client.logoutAsync();`,
  },
  {
    title: 'Supabase, auth alone',
    from: '@supabase/auth-js',
    code: `import { AuthClient } from '@supabase/auth-js';
      const auth = new AuthClient({ url: 'https://login.example.com' });
      ${supabase('auth')}`,
  },
  {
    title: 'Supabase, `createClient`',
    from: '@supabase/supabase-js',
    code: `import { createClient } from '@supabase/supabase-js';
      const { auth } = createClient('https://login.example.com', 'key');
      ${supabase('auth')}`,
  },
  {
    title: 'SuperTokens, session',
    from: 'supertokens-web-js',
    code: `import SuperTokens from 'supertokens-web-js';
      import Session from 'supertokens-web-js/recipe/session';
      export const login = () => SuperTokens.init({ appInfo: { appName: 'shop', apiDomain: 'https://login.example.com' }, recipeList: [Session.init()] });
      export const token = () => Session.getAccessToken();
      export const logout = () => Session.signOut();`,
  },
  {
    title: 'Medusa',
    from: '@medusajs/js-sdk',
    code: `import Medusa from '@medusajs/js-sdk';
      const medusa = new Medusa({ baseUrl: 'https://login.example.com' });
      export const login = (options) => medusa.auth.login('customer', 'emailpass', options);
      export const token = () => medusa.client.getToken();
      export const link = (id) => medusa.store.cart.transferCart(id);
      export const logout = () => medusa.auth.logout();`,
  },
  firebase(
    'Firebase, no redirect',
    'initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] })',
    'linkWithCredential',
  ),
  firebase(
    'Firebase, anonymous and `linkWithRedirect`',
    'initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence], popupRedirectResolver: browserPopupRedirectResolver })',
    'linkWithRedirect',
  ),
  firebase('Firebase, `getAuth()`', 'getAuth(app)', 'linkWithRedirect'),
  {
    title: 'Descope',
    from: '@descope/web-js-sdk',
    code: `import createSdk from '@descope/web-js-sdk';
      const sdk = createSdk({ projectId: 'shop', persistTokens: true, autoRefresh: true });
      export const login = (...options) => sdk.oauth.start.google(...options);
      export const token = () => sdk.getSessionToken();
      export const subscribe = (listener) => sdk.onSessionTokenChange(listener);
      export const logout = () => sdk.logout();`,
  },
  {
    title: 'MSAL',
    from: '@azure/msal-browser',
    code: `import { PublicClientApplication } from '@azure/msal-browser';
      const client = new PublicClientApplication({ auth: { clientId: 'shop' } });
      export const login = () => client.initialize().then(() => client.loginRedirect());
      export const back = () => client.handleRedirectPromise();
      export const token = (options) => client.acquireTokenSilent(options);
      export const subscribe = (listener) => client.addEventCallback(listener);
      export const logout = () => client.logoutRedirect();`,
  },
];

/** Files that are loaded as they are. */
export const SHIPPED = [
  {
    title: 'Clerk, the shipped file before what it loads later',
    from: '@clerk/clerk-js',
    file: 'dist/clerk.browser.js',
  },
];

/**
 * @param {string} title
 * @param {string} from
 */
function auth0(title, from) {
  return {
    title,
    from,
    code: `import { Auth0Client } from '${from}';
      const client = new Auth0Client({ domain: 'login.example.com', clientId: 'shop' });
      export const login = () => client.loginWithRedirect();
      export const back = () => client.handleRedirectCallback();
      export const token = () => client.getTokenSilently();
      export const logout = () => client.logout();`,
  };
}

/** @param {string} auth */
function supabase(auth) {
  return `export const login = () => ${auth}.signInAnonymously();
      export const token = () => ${auth}.getSession();
      export const link = (options) => ${auth}.linkIdentity(options);
      export const subscribe = (listener) => ${auth}.onAuthStateChange(listener);
      export const logout = () => ${auth}.signOut();`;
}

/**
 * @param {string} title
 * @param {string} make
 * @param {string} link
 */
function firebase(title, make, link) {
  return {
    title,
    from: '@firebase/auth',
    code: `import { initializeApp } from '@firebase/app';
      import { browserLocalPersistence, browserPopupRedirectResolver, getAuth, getRedirectResult, indexedDBLocalPersistence, initializeAuth,
        linkWithCredential, linkWithRedirect, onAuthStateChanged, signInAnonymously, signOut } from '@firebase/auth';
      const app = initializeApp({ apiKey: 'key', authDomain: 'login.example.com' });
      const auth = ${make};
      export const login = () => signInAnonymously(auth);
      export const token = () => auth.currentUser?.getIdToken();
      export const link = (provider) => ${link}(auth.currentUser, provider);
      ${link === 'linkWithRedirect' ? 'export const back = () => getRedirectResult(auth);' : ''}
      export const subscribe = (listener) => onAuthStateChanged(auth, listener);
      export const logout = () => signOut(auth);`,
  };
}
