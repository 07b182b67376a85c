// The same stories on pages whose Content-Security-Policy forbids WebAssembly and requires Trusted Types.

import { conditions } from './support/conditions.mjs';

conditions.webAssembly = 'forbidden';
await import('./link.test.mjs');
