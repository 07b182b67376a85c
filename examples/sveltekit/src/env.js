import { defineEnvVars } from '@sveltejs/kit/env';

// None of them is secret. `static` puts them into the build, as the Content-Security-Policy in vite.config.js is.
export const variables = defineEnvVars({
  AUTHRESS_API_URL: { public: true, static: true },
  AUTHRESS_APPLICATION_ID: { public: true, static: true },
  AUTHRESS_SERVICE_CLIENT: { public: true, static: true },
});
