import type { FunctionComponent, ReactNode } from 'react';
import type { LoginClient, LoginClientSettings, SessionSnapshot } from './index.js';

/**
 * Gives the components inside it the client of `useLoginClient` and `useShopper`: the one in `client`, or one made from
 * `settings`. All providers with equal settings share one client. A server component can only pass `settings`, since no
 * instance of a class crosses from a server component to a client component.
 *
 * @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidApplication`.
 */
export const LoginClientProvider: FunctionComponent<LoginClientProviderProps>;

export type LoginClientProviderProps = { children?: ReactNode } & (
  | { client: LoginClient; settings?: undefined }
  | { client?: undefined; settings: LoginClientSettings }
);

/**
 * The client of the nearest provider.
 *
 * @throws {Error} outside of a provider.
 */
export function useLoginClient(): LoginClient;

/**
 * The session of the shopper; the component renders again when it changes, here or in another tab. On a server
 * and in the first rendering in a browser it is `checking`.
 *
 * @throws {Error} outside of a provider.
 */
export function useShopper(): SessionSnapshot;
