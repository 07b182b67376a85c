import type { Readable } from 'svelte/store';
import type { LoginClient, SessionSnapshot } from './index.js';

/** Creates a store with the state of the session, which changes with this tab and others. */
export function shopperStore(client: LoginClient): Readable<SessionSnapshot>;
