// Everything in one file, for bundlers that copy no files.
import letters from 'generated:bytes';
import * as module from './module-instance.js';

export default {
  core: () => Uint8Array.from(letters, (letter) => letter.charCodeAt(0)),
  module: async () => module,
  javaScript: () => import('./fallback.js'),
};
