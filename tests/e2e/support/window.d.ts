// Globals of the pages under test. Whatever else a story keeps in the page is a property of `window` without a type.

import type { ExtensionClient, LoginClient, LoginClientSettings, LoginError, SessionEvent } from 'authress-login-wasm';

declare global {
  interface Window {
    /** The client of a `BarePage`, and what belongs to it. */
    login: LoginClient & Methods;
    settings: LoginClientSettings;
    events: RecordedEvent[];
    failure: string | null;
    LoginClient: typeof LoginClient;
    LoginError: typeof LoginError;
    ExtensionClient: typeof ExtensionClient;
    [name: string]: any;
  }
}

/** Stories call methods by name, with any input. */
type Methods = Record<string, any>;

/** An event of the client, with the status that the snapshot showed meanwhile. */
export interface RecordedEvent {
  type: SessionEvent['type'];
  result?: any;
  status: string;
}
