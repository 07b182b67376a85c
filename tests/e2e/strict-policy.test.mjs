// The same stories on pages whose policy forbids WebAssembly, and asks for Trusted Types.

import { conditions } from './support/conditions.mjs';

conditions.webAssembly = 'forbidden';
for (const stories of ['anonymous', 'restore', 'link']) await import(`./${stories}.test.mjs`);
