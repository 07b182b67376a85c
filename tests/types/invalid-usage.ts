// Invalid usage that the types reject: `@ts-expect-error` fails the check if the line below it compiles.

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
  // @ts-expect-error The host is required.
  new LoginClient({ applicationId: 'app_shop' });
  // @ts-expect-error A client needs settings.
  new LoginClient();
  // @ts-expect-error An application id is a string, or absent.
  new LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: undefined });
  // @ts-expect-error Origins are a list, also a single one.
  new LoginClient({ authressApiUrl: 'https://login.example.com', tokenOrigins: 'https://api.example.com' });
  // @ts-expect-error An unknown setting.
  new LoginClient({ authressApiUrl: 'https://login.example.com', tokenOrigin: [] });
  // @ts-expect-error The values are idle, eager and none.
  new LoginClient({ authressApiUrl: 'https://login.example.com', preload: 'lazy' });
  // @ts-expect-error The values are idle, eager and none.
  new LoginClient({ authressApiUrl: 'https://login.example.com', preload: true });
  // @ts-expect-error The module is a URL, bytes or a compiled module. (To the compiler any object may be a compiled one.)
  initWasm(null);
  // @ts-expect-error The id of the extension is required.
  new ExtensionClient('https://login.example.com');
}

export function logins(): void {
  // @ts-expect-error There are cookie, query and none.
  login.authenticate({ responseLocation: 'fragment' });
  // @ts-expect-error There are redirect, tab and client-managed.
  login.authenticate({ redirectOpenType: 'popup' });
  // @ts-expect-error The older option has the value `tab` only.
  login.authenticate({ openType: 'redirect' });
  // @ts-expect-error Scopes are a list, although OAuth writes them as text.
  login.authenticate({ scopes: 'openid profile' });
  // @ts-expect-error The connection's id is connectionId.
  login.authenticate({ connection: 'con_a' });
  // @ts-expect-error The service client is required.
  login.authenticateWithOneTimeCode({ redirectUrl: '/' });
  // @ts-expect-error The result is null when the browser leaves the page.
  login.authenticate().then(({ authenticationUrl }) => authenticationUrl);
  // @ts-expect-error A deadline is a number of milliseconds.
  login.getLoginResult({ timeoutInMillis: '5s' });
}

export function links(): void {
  // @ts-expect-error An identity provider is required.
  login.linkIdentity();
  // @ts-expect-error An identity provider is required.
  login.linkIdentity({});
  // @ts-expect-error The shortened example of older guides does not link.
  login.linkIdentity({ linkIdentity: true });
  // @ts-expect-error A redirect URL alone names no identity provider.
  login.linkIdentity({ redirectUrl: '/' });
  // @ts-expect-error This option is for authenticate only.
  login.linkIdentity({ connectionId: 'con_a', responseLocation: 'query' });
  // @ts-expect-error A link by code needs the connection; a tenant is not enough.
  login.linkIdentityWithOneTimeCode({ tenantLookupIdentifier: 'tenant' });
  // @ts-expect-error The connection is required.
  login.unlinkIdentity();
}

export async function results(): Promise<void> {
  // @ts-expect-error The result may be null.
  (await login.getLinkResult()).status;
  // @ts-expect-error A link has no status `signed-in`.
  (await login.getLinkResult())?.status === 'signed-in';
  // @ts-expect-error Only a link may meet the identity of another user.
  (await login.getLoginResult())?.mayBeOwned;
  // @ts-expect-error A login has no status `already-owned`.
  (await login.getLoginResult())?.status === 'already-owned';
}

export async function sessions(): Promise<void> {
  // @ts-expect-error The identity may be null.
  login.getSnapshot().userIdentity.userId;
  // @ts-expect-error The status may also be `checking`.
  if (snapshot.status !== 'signed-out') snapshot.userIdentity.userId;
  // @ts-expect-error There is no such status.
  snapshot.status === 'signed in';
  // @ts-expect-error Snapshots are read-only.
  snapshot.status = 'signed-out';
  // @ts-expect-error The identity may be null.
  login.getUserIdentity().userId;
  // @ts-expect-error The token may be null: scripts may not be able to read it.
  (await login.getToken()).length;
  // @ts-expect-error Other claims are of an unknown type.
  login.getUserIdentity()?.['given_name'].length;
  // @ts-expect-error Tokens have the limits `signal` and `timeoutInMillis` only.
  login.ensureToken({ backgroundTrigger: true });
}

export function events(): void {
  // @ts-expect-error Not every event has a result.
  event.result;
  // @ts-expect-error The event of a logout has no result.
  if (event.type === 'signed-out') event.result;
  // @ts-expect-error There is no such event.
  event.type === 'logged-in';
  // @ts-expect-error The event is an object, not the name.
  login.subscribe((name: string) => name);
  // @ts-expect-error A listener gets all events; there is no event name to subscribe to.
  login.subscribe('signed-in', () => {});
  if (event.type === 'login-completed') {
    // @ts-expect-error Results are read-only.
    event.result.status = 'failed';
    // @ts-expect-error A login is not a link.
    event.result.status === 'linked';
  }
}

export function account(): void {
  // @ts-expect-error A one-time password device needs its code.
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
  // @ts-expect-error Only the package creates these errors.
  new LoginError('NotLoggedIn');
  // @ts-expect-error The class cannot be extended.
  class MyError extends LoginError {}
  // @ts-expect-error There is no such code.
  const code: LoginErrorCode = 'Unknown';
  print(MyError, code);
}

declare function print(...values: unknown[]): void;
