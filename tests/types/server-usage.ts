// The types of the entry for servers. It is also compiled without the types of browsers.
import {
  ServerSettingError,
  ShopperError,
  createClaimTickets,
  createShopperVerifier,
  memoryStore,
} from 'authress-login-wasm/server';
import type {
  ClaimTickets,
  Shopper,
  ShopperErrorCode,
  ShopperRequest,
  ShopperVerifier,
  SpentTickets,
} from 'authress-login-wasm/server';

declare const environment: Record<string, string | undefined>;

const verifier: ShopperVerifier = createShopperVerifier({
  authressApiUrl: environment['AUTHRESS_API_URL'],
  applicationId: environment['AUTHRESS_APPLICATION_ID'],
});
createShopperVerifier({
  authressApiUrl: 'https://login.example.com',
  applicationId: 'app_shop',
  audience: 'https://api.example.com',
  serviceClients: ['sc_erp'] as const,
  acceptCookie: false,
  origins: [],
  leewaySeconds: 0,
  keysUrl: (issuer) => `${issuer}/keys`,
  now: () => 0,
});

const ofNode: ShopperRequest = {
  headers: { host: 'x', 'set-cookie': ['a', 'b'], other: undefined },
  method: 'GET',
  url: '/',
};
const ofFetch: ShopperRequest = { headers: { get: (name: string) => name }, method: 'GET', url: 'https://x.test/' };
for (const request of [ofNode, ofFetch]) {
  const shopper: Shopper = await verifier.shopperOf(request);
  const {
    userId,
    isAnonymous,
    connectionId,
    claims,
  }: { userId: string; isAnonymous: boolean; connectionId: string | null; claims: object } = shopper;
  const maybe: Shopper | null = await verifier.shopperOrNull(request);
  void [userId, isAnonymous, connectionId, claims, maybe?.claims['scope'], await verifier.verify('token')];
}

const store: SpentTickets = { spend: async (id, expiresAt) => id.length + expiresAt > 0 };
const tickets: ClaimTickets = createClaimTickets({
  origin: environment['SHOP_ORIGIN'],
  key: { id: 'k', privateKey: environment['TICKET_KEY'] },
  store,
});
createClaimTickets({ origin: 'https://x.test', key: { id: 'k', privateKey: '' }, store: memoryStore({ capacity: 5 }) });
const ticket: string = await tickets.issue({ userId: 'user_a' });
const previous: string = await tickets.redeem(JSON.parse(ticket), { userId: 'user_b' });

try {
  void previous;
} catch (error) {
  if (error instanceof ShopperError) {
    const code: ShopperErrorCode = error.code;
    const status: 401 | 403 | 503 = error.status;
    const headers: Record<string, string> = error.headers;
    void [code, status, headers, error.wwwAuthenticate, error.body.errorCode, error.body.title, error.cause];
  }
  if (error instanceof ServerSettingError) void [error.setting, error.code === 'InvalidSetting'];
}

// @ts-expect-error an application is required
createShopperVerifier({ authressApiUrl: 'https://login.example.com' });
// @ts-expect-error a misspelt setting
createShopperVerifier({ authressApiUrl: 'https://x.test', applicationId: 'app_shop', audiance: 'x' });
// @ts-expect-error a setting of another type
createShopperVerifier({ authressApiUrl: 'https://x.test', applicationId: 'app_shop', leewaySeconds: '5' });
// @ts-expect-error a shopper is made by the verifier
await tickets.redeem('x', 'user_b');
// @ts-expect-error Redis's own reply is no boolean
createClaimTickets({ origin: 'x', key: { id: 'k', privateKey: '' }, store: { spend: async () => 'OK' } });
// @ts-expect-error a request has headers
await verifier.shopperOf({ method: 'GET' });
// @ts-expect-error the claims of a shopper are not changed
(await verifier.verify('x')).claims['sub'] = 'user_b';
// @ts-expect-error errors are made by the package
new ShopperError('TokenExpired');
