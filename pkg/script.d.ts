// For a classic <script>: everything is in the global AuthressLogin.
export * from './index.js';
export as namespace AuthressLogin;
