// The entry with the bytes of the module inside, for bundlers that copy no files.
export * from './index.js';
