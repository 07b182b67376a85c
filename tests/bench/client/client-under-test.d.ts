// What `page.js` imports: the bundler puts the client under test in its place.

declare module 'client-under-test' {
  export { LoginClient } from 'authress-login-wasm';
}
