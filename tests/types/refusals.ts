// What applications must not be able to write: each `@ts-expect-error` fails the check if the line
// below it compiles.

import {
  ExtensionClient,
  LoginClient,
  type LoginErrorCode,
  LoginError,
  RedirectOpenType,
  type SessionEvent,
  type SessionSnapshot,
  UserConfigurationScreen,
  initWasm,
} from 'authress-login-wasm';

declare const login: LoginClient;
declare const snapshot: SessionSnapshot;
declare const event: SessionEvent;

export function settings(): void {
  // @ts-expect-error The host is needed.
  new LoginClient({ applicationId: 'app_shop' });
  // @ts-expect-error There are no clients without settings.
  new LoginClient();
  // @ts-expect-error An application id is text; to leave it out, leave it out.
  new LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: undefined });
  // @ts-expect-error More than one origin is a list, and so is one.
  new LoginClient({ authressApiUrl: 'https://login.example.com', tokenOrigins: 'https://api.example.com' });
  // @ts-expect-error A setting nobody knows.
  new LoginClient({ authressApiUrl: 'https://login.example.com', tokenOrigin: [] });
  // @ts-expect-error There are idle, eager and none.
  new LoginClient({ authressApiUrl: 'https://login.example.com', preload: 'lazy' });
  // @ts-expect-error There are idle, eager and none.
  new LoginClient({ authressApiUrl: 'https://login.example.com', preload: true });
  // @ts-expect-error The module is somewhere, or is its bytes. (To the compiler any object may be a compiled one.)
  initWasm(null);
  // @ts-expect-error An extension must say which one it is.
  new ExtensionClient('https://login.example.com');
}

export function logins(): void {
  // @ts-expect-error There are cookie, query and none.
  login.authenticate({ responseLocation: 'fragment' });
  // @ts-expect-error There are redirect, tab and client-managed.
  login.authenticate({ redirectOpenType: 'popup' });
  // @ts-expect-error The older option knows another tab only.
  login.authenticate({ openType: 'redirect' });
  // @ts-expect-error Scopes are a list, although OAuth writes them as text.
  login.authenticate({ scopes: 'openid profile' });
  // @ts-expect-error The connection's id is connectionId.
  login.authenticate({ connection: 'con_a' });
  // @ts-expect-error The service client is needed.
  login.authenticateWithOneTimeCode({ redirectUrl: '/' });
  // @ts-expect-error The answer may be null: the browser is on its way then.
  login.authenticate().then(({ authenticationUrl }) => authenticationUrl);
  // @ts-expect-error A deadline is a number of milliseconds.
  login.getLoginResult({ timeoutInMillis: '5s' });
}

export function links(): void {
  // @ts-expect-error With what?
  login.linkIdentity();
  // @ts-expect-error With what?
  login.linkIdentity({});
  // @ts-expect-error The shortened example of older guides is no link.
  login.linkIdentity({ linkIdentity: true });
  // @ts-expect-error A redirect URL alone names no identity provider.
  login.linkIdentity({ redirectUrl: '/' });
  // @ts-expect-error What authenticate takes besides is not for links.
  login.linkIdentity({ connectionId: 'con_a', responseLocation: 'query' });
  // @ts-expect-error The tenant does not do for a code.
  login.linkIdentityWithOneTimeCode({ tenantLookupIdentifier: 'tenant' });
  // @ts-expect-error Which one?
  login.unlinkIdentity();
}

export async function results(): Promise<void> {
  // @ts-expect-error There may be none.
  (await login.getLinkResult()).status;
  // @ts-expect-error A link does not sign in.
  (await login.getLinkResult())?.status === 'signed-in';
  // @ts-expect-error A login owns nothing.
  (await login.getLoginResult())?.status === 'already-owned';
}

export async function sessions(): Promise<void> {
  // @ts-expect-error Nobody may be signed in.
  login.getSnapshot().userIdentity.userId;
  // @ts-expect-error Somebody who is not signed out may still be unknown.
  if (snapshot.status !== 'signed-out') snapshot.userIdentity.userId;
  // @ts-expect-error There is no such status.
  snapshot.status === 'signed in';
  // @ts-expect-error Snapshots are not for changing.
  snapshot.status = 'signed-out';
  // @ts-expect-error Nobody may be known.
  login.getUserIdentity().userId;
  // @ts-expect-error The token may be out of reach of scripts.
  (await login.getToken()).length;
  // @ts-expect-error A claim that this package does not know may be anything.
  login.getUserIdentity()?.['given_name'].length;
  // @ts-expect-error Of all limits only these two are for tokens.
  login.ensureToken({ backgroundTrigger: true });
}

export function events(): void {
  // @ts-expect-error Not every event has a result.
  event.result;
  // @ts-expect-error A session that ends has none.
  if (event.type === 'signed-out') event.result;
  // @ts-expect-error There is no such event.
  event.type === 'logged-in';
  // @ts-expect-error The event is an object, not the name.
  login.subscribe((name: string) => name);
  // @ts-expect-error Events are not told apart by the name of a listener.
  login.subscribe('signed-in', () => {});
  if (event.type === 'login-completed') {
    // @ts-expect-error Results are not for changing.
    event.result.status = 'failed';
    // @ts-expect-error A login is not a link.
    event.result.status === 'linked';
  }
}

export function account(): void {
  // @ts-expect-error A code needs what it was made from.
  login.registerDevice({ type: 'TOTP' });
  // @ts-expect-error There are WebAuthN and TOTP.
  login.registerDevice({ type: 'SMS' });
  // @ts-expect-error There are Profile and MFA.
  login.openUserConfigurationScreen({ startPage: 'Moon' });
  // @ts-expect-error The values are fixed.
  UserConfigurationScreen.Profile = 'MFA';
  // @ts-expect-error There are three of them.
  RedirectOpenType.Popup;
}

export function errors(): void {
  // @ts-expect-error Only the package makes these.
  new LoginError('NotLoggedIn');
  // @ts-expect-error No constructor to extend.
  class MyError extends LoginError {}
  // @ts-expect-error There is no such code.
  const code: LoginErrorCode = 'Unknown';
  print(MyError, code);
}

declare function print(...values: unknown[]): void;
