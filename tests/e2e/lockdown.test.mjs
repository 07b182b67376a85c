// The same stories in a browser that has no WebAssembly.

import { conditions } from './support/conditions.mjs';

conditions.webAssembly = 'missing';
for (const stories of ['anonymous', 'restore', 'link']) await import(`./${stories}.test.mjs`);
