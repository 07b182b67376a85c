import type { FunctionComponent, ReactNode } from 'react';
import type { LoginClient, LoginClientSettings } from './index.js';
import type { Shopper, ShopperClient } from './shopper.js';

export type { Shopper, ShopperClient } from './shopper.js';

/**
 * Provides `useLoginClient` and `useShopper` with a client: the one in `client`, or one created from `settings`. Providers with
 * equal settings share one client. A server component can pass `settings` only, because instances of classes cannot be
 * passed to client components.
 *
 * @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidApplication`.
 */
export const LoginClientProvider: FunctionComponent<LoginClientProviderProps>;

export type LoginClientProviderProps = { children?: ReactNode } & (
  | { client: ShopperClient; settings?: undefined }
  | { client?: undefined; settings: LoginClientSettings }
);

/**
 * Returns the client of the nearest provider, for what `useShopper` does not offer.
 *
 * @throws {Error} without a provider around the component.
 */
export function useLoginClient<Client extends ShopperClient = LoginClient>(): Client;

/**
 * Returns the state of the session and what a shopper does. The component renders again when it changes, in this tab or another one. On a server, and
 * while hydrating, the status is `checking`.
 *
 * @throws {Error} without a provider around the component.
 */
export function useShopper(): Shopper;
