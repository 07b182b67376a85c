import type { FunctionComponent, ReactNode } from 'react';
import type { LoginClient, SessionSnapshot } from './index.js';

/** Gives the components inside it the client of `useLoginClient` and `useShopper`. */
export const LoginClientProvider: FunctionComponent<{ client: LoginClient; children?: ReactNode }>;

/**
 * The client of the nearest provider.
 *
 * @throws {Error} outside of a provider.
 */
export function useLoginClient(): LoginClient;

/**
 * Who is shopping; the component renders again when that changes, here or in another tab. On a server
 * and in the first rendering in a browser it is `checking`.
 *
 * @throws {Error} outside of a provider.
 */
export function useShopper(): SessionSnapshot;
