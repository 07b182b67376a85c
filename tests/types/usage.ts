// What applications write: every export, method and option once. It is compiled, never run.

import {
  type AuthenticateOptions,
  type AuthenticationStarted,
  type CallLimits,
  type Device,
  type EnsureTokenOptions,
  ExtensionClient,
  type LinkIdentityOptions,
  type LinkIdentitySettings,
  type LinkResult,
  type LinkWith,
  type LogEntry,
  type Logger,
  LoginClient,
  type LoginClientSettings,
  LoginError,
  type LoginErrorCode,
  type LoginResult,
  type OneTimeCodeOptions,
  RedirectOpenType,
  type RedirectResult,
  type RegisterDeviceOptions,
  type RegisteredDevice,
  type ReturnState,
  type SessionEvent,
  type SessionSnapshot,
  type SignInAnonymouslyOptions,
  type SignInOptions,
  type SignOutOptions,
  type UpdateExtensionOptions,
  UserConfigurationScreen,
  type UserIdentity,
  type UserProfile,
  type WasmSource,
  initWasm,
} from 'authress-login-wasm';
import type * as inline from 'authress-login-wasm/inline';

/** Both types are the same, not merely assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_Condition extends true>(): void {}

// The other entry has the same, and classes of it are the same to the compiler.
holds<Same<typeof inline.LoginClient, typeof LoginClient>>();
holds<Same<keyof typeof inline, keyof typeof import('authress-login-wasm')>>();

export async function loadsTheModule(compiled: WebAssembly.Module): Promise<void> {
  const sources: WasmSource[] = [
    '/module.wasm',
    new URL('https://cdn.example.com/module.wasm'),
    new ArrayBuffer(8),
    new Uint8Array(8),
    compiled,
  ];
  await initWasm();
  for (const source of sources) await initWasm(source);
  await initWasm(undefined, { account: new URL('https://shop.example/account.wasm') });
  await initWasm(undefined, { account: Promise.resolve(compiled) });
  await initWasm(import('authress-login-wasm').then(() => compiled));
}

// Settings and logger.
const settings: LoginClientSettings = {
  authressApiUrl: 'https://login.example.com',
  applicationId: 'app_shop',
  tokenOrigins: ['https://api.example.com'] as const,
  skipBackgroundCredentialsCheck: true,
  retainUserCookie: false,
  preload: 'none',
};
const entries: LogEntry[] = [];
const logger: Logger = {
  log: (entry) => void entries.push(entry),
  warn: ({ title, code, status, serverCode }) => print(title, code, status, serverCode),
};
new LoginClient({ authressApiUrl: 'login.example.com' });
new LoginClient(settings, {});
new LoginClient(settings, console);
const login = new LoginClient(settings, logger);

// Limits, which every call takes.
const limits: CallLimits = { signal: AbortSignal.timeout(1000), timeoutInMillis: Infinity };

export async function logsIn(): Promise<void> {
  const all: AuthenticateOptions = {
    ...limits,
    connectionId: 'con_a',
    tenantLookupIdentifier: 'tenant',
    inviteId: 'inv_a',
    redirectUrl: '/done',
    responseLocation: 'query',
    flowType: 'code token',
    scopes: ['openid'],
    audiences: ['https://api.example.com'],
    connectionProperties: { prompt: 'login', nested: { depth: 1 } },
    multiAccount: true,
    redirectOpenType: RedirectOpenType.ClientManaged,
    openType: 'tab',
    clearUserDataBeforeLogin: true,
  };
  const started = await login.authenticate(all);
  holds<Same<typeof started, AuthenticationStarted | null>>();
  if (started) print(started.authenticationUrl?.length, started.authenticationRequestId?.length);
  await login.authenticate();
  await login.authenticate({ redirectOpenType: 'redirect' });

  const byCode: OneTimeCodeOptions = {
    ...limits,
    serviceClientId: 'sc_a',
    inviteId: 'inv_a',
    redirectUrl: '/done',
    responseLocation: 'none',
    flowType: 'code',
    scopes: [],
    audiences: [],
    clearUserDataBeforeLogin: false,
  };
  print((await login.authenticateWithOneTimeCode(byCode)).authenticationRequestId);

  const result = await login.getLoginResult(limits);
  holds<Same<typeof result, LoginResult | null>>();
  holds<Same<LoginResult['status'], 'signed-in' | 'cancelled' | 'failed'>>();
  if (result?.status === 'signed-in') print(result.userId, result.connectionId);
}

export async function links(): Promise<void> {
  const more: LinkIdentitySettings = {
    ...limits,
    redirectUrl: '/linked',
    connectionProperties: { prompt: 'login' },
    redirectOpenType: RedirectOpenType.Tab,
  };
  const byConnection: LinkIdentityOptions = { ...more, connectionId: 'con_a', tenantLookupIdentifier: 'tenant' };
  const byTenant: LinkWith = { tenantLookupIdentifier: 'tenant' };
  const started = await login.linkIdentity(byConnection);
  holds<Same<typeof started, AuthenticationStarted | undefined>>();
  await login.linkIdentity({ ...more, ...byTenant });
  const { authenticationUrl } = await login.linkIdentityWithOneTimeCode({
    connectionId: 'sc_a',
    redirectUrl: '/',
    ...limits,
  });
  print(authenticationUrl);
  await login.unlinkIdentity('con_a', limits);

  const result = await login.getLinkResult();
  if (result) print(linkOutcome(result));
}

/** Names every outcome of a link: a new one would not compile. */
function linkOutcome({ status, userId, connectionId, serverCode, mayBeOwned }: LinkResult): string {
  holds<Same<typeof mayBeOwned, true | undefined>>();
  switch (status) {
    case 'linked':
      return userId;
    case 'already-owned':
      return connectionId ?? 'another provider';
    case 'cancelled':
      return 'cancelled';
    case 'failed':
      return serverCode ?? 'unknown';
  }
}

export async function usesTheSession(): Promise<void> {
  holds<Same<Awaited<ReturnType<typeof login.userSessionExists>>, boolean>>();
  if (await login.userSessionExists({ backgroundTrigger: true, ...limits })) print('here');
  const isHere: true = await login.waitForUserSession(limits);
  const options: EnsureTokenOptions = { signal: AbortSignal.abort(), timeoutInMillis: -1 };
  const token = (await login.ensureToken(options)) ?? (await login.getToken());
  holds<Same<typeof token, string | null>>();
  const identity: UserIdentity | null = login.getUserIdentity();
  print(isHere, identity?.userId, identity?.email?.length, identity?.exp?.toFixed(), identity?.['picture_large']);

  const response: Response = await login.fetch('/api/cart', {
    method: 'PUT',
    body: '{}',
    signal: AbortSignal.timeout(1),
  });
  await login.fetch(new URL('https://api.example.com'));
  await login.fetch(new Request('/api/cart'));
  print(response.status, login.getMatchingDomainInfo('https://login.example.com'));
  login.sanitizeQueryParameters();
  await login.logout();
  await login.logout('/bye', limits);
}

export async function looksAfterTheAccount(): Promise<void> {
  const profile: UserProfile = await login.getUserProfile(limits);
  for (const { connection } of profile.linkedIdentities ?? []) print(connection.connectionId, connection.userId);
  const credentials = await login.getConnectionCredentials(limits);
  print(credentials?.accessToken, credentials?.['scope']);

  const kinds: RegisteredDevice[] = [
    {},
    { name: 'key' },
    { type: 'WebAuthN' },
    { name: 'phone', type: 'TOTP', totp: { verificationCode: '123456', totpSecret: 'A' } },
  ];
  for (const kind of kinds) {
    const options: RegisterDeviceOptions = { ...limits, ...kind };
    const device: Device = await login.registerDevice(options);
    print(device.deviceId, device.name);
  }
  const devices: Device[] = await login.getDevices(limits);
  for (const { deviceId } of devices) await login.deleteDevice(deviceId, limits);

  await login.openUserConfigurationScreen();
  await login.openUserConfigurationScreen({ startPage: UserConfigurationScreen.MFA, redirectUrl: '/', ...limits });
  const update: UpdateExtensionOptions = {
    ...limits,
    state: 'state',
    connectionId: 'con_a',
    tenantLookupIdentifier: 'tenant',
    hint: 'a@example.com',
    connectionProperties: {},
  };
  const updated = await login.updateExtensionAuthenticationRequest(update);
  holds<Same<typeof updated, { authenticationUrl: string } | null>>();
}

export function showsWhoIsThere(): () => void {
  let shown: SessionSnapshot = login.getSnapshot();
  const stop = login.subscribe((event) => {
    shown = login.getSnapshot();
    print(greeting(shown), whatHappened(event));
  });
  holds<Same<typeof stop, () => void>>();
  return stop;
}

/** Narrows by the status, and names every one. */
function greeting(snapshot: SessionSnapshot): string {
  switch (snapshot.status) {
    case 'checking':
      holds<Same<typeof snapshot.userIdentity, null>>();
      return 'one moment';
    case 'anonymous':
    case 'signed-in':
      return snapshot.userIdentity.name ?? snapshot.userIdentity.userId;
    case 'signed-out':
      holds<Same<typeof snapshot.userIdentity, null>>();
      return 'hello';
  }
}

/** Narrows by the type, and names every one. */
function whatHappened(event: SessionEvent): string {
  switch (event.type) {
    case 'ready':
    case 'signed-in':
    case 'token-renewed':
    case 'signed-out':
      return event.type;
    case 'login-completed':
    case 'login-cancelled':
    case 'login-refused':
      holds<Same<typeof event.result, Readonly<LoginResult>>>();
      return event.result.serverCode ?? event.result.status;
    case 'link-completed':
    case 'link-cancelled':
    case 'link-refused':
      holds<Same<typeof event.result, Readonly<LinkResult>>>();
      return linkOutcome(event.result);
    case 'load-failed':
      holds<Same<typeof event.error, LoginError>>();
      return event.error.message;
  }
}

export async function handlesFailures(): Promise<LoginErrorCode | undefined> {
  try {
    await login.getToken();
    return undefined;
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    const name: 'LoginError' = error.name;
    print(name, error.message, error.status?.toFixed(), error.serverCode?.length, error.cause instanceof TypeError);
    return error.code === 'TokenTimeout' ? undefined : error.code;
  }
}

export async function isAnExtension(): Promise<void> {
  const extension = new ExtensionClient('https://login.example.com', 'ext_a');
  const token = (await extension.login('/', limits)) ?? (await extension.getTokenResponse());
  holds<Same<typeof token, { accessToken: string } | null>>();
  const exchanged = await extension.requestToken({ code: 'code', silent: true, ...limits });
  print(exchanged?.accessToken, (await extension.getUserIdentity())?.userId);
}

holds<Same<typeof UserConfigurationScreen.Profile, 'Profile'>>();
holds<Same<typeof RedirectOpenType.Redirect, 'redirect'>>();

declare function print(...values: unknown[]): void;

/** The calls of a storefront. */
export async function shopsWithOneCall(): Promise<void> {
  const appState = { productId: 'mug' };
  const started: SignInAnonymouslyOptions = { ...limits, appState, redirectUrl: '/cart', mode: 'auto' };
  const snapshot = await login.signInAnonymously(started);
  holds<Same<typeof snapshot, SessionSnapshot | null>>();
  const signIn: SignInOptions = { connectionId: 'con_a', appState: 'checkout', claimTicket: async () => 'ticket' };
  holds<Same<Awaited<ReturnType<typeof login.signIn>>, AuthenticationStarted | null>>();
  await login.signIn(signIn);
  await login.switchAccount({ connectionId: 'con_a', claimTicket: 'ticket' });
  const result = await login.getRedirectResult<typeof appState>(limits);
  holds<Same<typeof result, RedirectResult<{ productId: string }> | null>>();
  if (result?.mayBeOwned) print(result.connectionId, result.claimTicket, result.serverCode, result.errorCode);
  if (result?.type === 'anonymous' && result.status === 'signed-in') print(result.appState?.productId, result.userId);
  const signOut: SignOutOptions = { ...limits, redirectUrl: '/' };
  await login.signOut(signOut);
  const state: ReturnState = { appState: null };
  await login.authenticate({ ...state, connectionId: 'con_a' });
}
