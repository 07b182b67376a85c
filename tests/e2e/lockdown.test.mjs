// The same stories in a browser without WebAssembly.

import { conditions } from './support/conditions.mjs';

conditions.webAssembly = 'missing';
for (const stories of ['anonymous', 'restore', 'link']) await import(`./${stories}.test.mjs`);
