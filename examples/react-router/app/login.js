// The login client of the whole application: import it from here. On the server it does nothing.

import { LoginClient } from 'authress-login-wasm';

// Vite puts the settings into the built page. A missing one throws here, with its name.
export const login = new LoginClient({
  authressApiUrl: import.meta.env.VITE_AUTHRESS_API_URL,
  applicationId: import.meta.env.VITE_AUTHRESS_APPLICATION_ID,
  anonymousConnectionId: import.meta.env.VITE_AUTHRESS_SERVICE_CLIENT,
});
