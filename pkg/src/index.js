// What `authress-login-wasm` exports. The same for every entry; they only differ in where the module
// comes from.
export { ExtensionClient, LoginClient, RedirectOpenType, UserConfigurationScreen } from './client.js';
export { LoginError } from './errors.js';
export { initWasm } from './module-loader.js';
