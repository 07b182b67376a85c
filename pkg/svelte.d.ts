import type { Readable } from 'svelte/store';
import type { LoginClient, SessionSnapshot } from './index.js';

/** Who is shopping, here or signed in from another tab; `$shopper` in a component. */
export function shopperStore(client: LoginClient): Readable<SessionSnapshot>;
