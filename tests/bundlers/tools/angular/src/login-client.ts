import type { Provider } from '@angular/core';
import { LoginClient } from 'authress-login-wasm';

import { settings } from './settings.js';

/** The client's subscriptions that have not ended. */
export const subscriptions = new Set<object>();

/** A client that counts its subscriptions, of which a server needs none. */
class CountingClient extends LoginClient {
  override subscribe(listener: Parameters<LoginClient['subscribe']>[0]): () => void {
    if (typeof window === 'undefined') throw new Error('the recipe subscribes on a server');
    const subscription = {};
    const unsubscribe = super.subscribe(listener);
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
      unsubscribe();
    };
  }
}

export const loginClient: Provider = { provide: LoginClient, useFactory: () => new CountingClient(settings) };
