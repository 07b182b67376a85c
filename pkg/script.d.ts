// The entry for a classic <script>, with all exports in the global AuthressLogin.
export * from './index.js';
export as namespace AuthressLogin;
