// The whole module's bytes, for bundlers that copy no files.
import letters from 'generated:bytes';

export default {
  core: () => Uint8Array.from(letters, (letter) => letter.charCodeAt(0)),
  javaScript: () => import('./fallback.js'),
};
