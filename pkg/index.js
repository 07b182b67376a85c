// What `authress-login-wasm` exports.
export { ExtensionClient, LoginClient, RedirectOpenType, UserConfigurationScreen } from './client.js';
export { LoginError } from './errors.js';
