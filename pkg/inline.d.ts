// The module's bytes are inside: for bundlers that copy no files.
export * from './index.js';
