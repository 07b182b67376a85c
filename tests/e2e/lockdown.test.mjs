// The same stories in a browser without WebAssembly. `strict-policy` has those of links: once the fallback is loaded, both files
// test the same.

import { conditions } from './support/conditions.mjs';

conditions.webAssembly = 'missing';
for (const stories of ['anonymous', 'restore']) await import(`./${stories}.test.mjs`);
