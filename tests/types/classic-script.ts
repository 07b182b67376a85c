// A classic script, which has everything in one global.

/// <reference types="authress-login-wasm/script" />

const clientOfThePage: AuthressLogin.LoginClient = new AuthressLogin.LoginClient({
  authressApiUrl: 'https://login.example.com',
});
void clientOfThePage.getToken();
// @ts-expect-error The global has what the module exports and nothing else.
AuthressLogin.Unknown;
