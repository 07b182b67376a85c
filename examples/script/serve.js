// Serves the page on loopback, with a sandbox beside it. In production any web server does: there is nothing to build.

import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startSandbox } from 'authress-login-sandbox';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const here = dirname(fileURLToPath(import.meta.url));
const dist = join(dirname(fileURLToPath(import.meta.resolve('authress-login-wasm/package.json'))), 'dist');

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/settings.json') return response.end(JSON.stringify(sandbox.settings));
  // The classic script loads the files beside it by itself.
  const ofPackage = /^\/authress-login-wasm\/([\w-]+\.(?:js|wasm))$/.exec(pathname)?.[1];
  const file = { '/': join(here, 'index.html'), '/shop.js': join(here, 'shop.js') }[pathname];
  const path = ofPackage ? join(dist, ofPackage) : file;
  if (!path) return response.writeHead(404).end();
  response.setHeader('content-type', TYPES[extname(path)]);
  return createReadStream(path)
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const shop = `http://localhost:${server.address().port}`;
const sandbox = await startSandbox({ redirectUrls: [shop] });
console.log(`ready ${shop}\nrequests as they happen: ${sandbox.requestsUrl}`);
