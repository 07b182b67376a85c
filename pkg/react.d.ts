import type { FunctionComponent, ReactNode } from 'react';
import type { LoginClient, LoginClientSettings, SessionSnapshot } from './index.js';

/**
 * Provides `useLoginClient` and `useShopper` with a client: the one in `client`, or one created from `settings`. Providers with
 * equal settings share one client. A server component can pass `settings` only, because instances of classes cannot be
 * passed to client components.
 *
 * @throws {LoginError} `InvalidAuthressApiUrl`, `InvalidApplication`.
 */
export const LoginClientProvider: FunctionComponent<LoginClientProviderProps>;

export type LoginClientProviderProps = { children?: ReactNode } & (
  | { client: LoginClient; settings?: undefined }
  | { client?: undefined; settings: LoginClientSettings }
);

/**
 * Returns the client of the nearest provider.
 *
 * @throws {Error} without a provider around the component.
 */
export function useLoginClient(): LoginClient;

/**
 * Returns the state of the session. The component renders again when it changes, in this tab or another one. On a server, and
 * while hydrating, the status is `checking`.
 *
 * @throws {Error} without a provider around the component.
 */
export function useShopper(): SessionSnapshot;
