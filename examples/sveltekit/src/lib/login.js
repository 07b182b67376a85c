// The login client of the whole application: import it from here. On the server it has no session and does nothing.

import { AUTHRESS_API_URL, AUTHRESS_APPLICATION_ID, AUTHRESS_SERVICE_CLIENT } from '$app/env/public';
import { LoginClient } from 'authress-login-wasm';
import { shopperStore } from 'authress-login-wasm/svelte';

export const login = new LoginClient({
  authressApiUrl: AUTHRESS_API_URL,
  applicationId: AUTHRESS_APPLICATION_ID,
  anonymousConnectionId: AUTHRESS_SERVICE_CLIENT,
});

export const shopper = shopperStore(login);
