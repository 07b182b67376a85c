// For tools that do not read "exports".
export * from './dist/shopper-verifier.js';
