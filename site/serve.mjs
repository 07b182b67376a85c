// Serves the built site on loopback, for a person (`cargo xtask docs --serve`) and for its tests.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { base, output } from './settings.mjs';

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * The file of the site at this path; `undefined` outside of the site.
 * @param {string} path of the request
 */
export function fileAt(path) {
  if (!path.startsWith(base)) return undefined;
  const file = normalize(decodeURIComponent(path.slice(base.length)));
  if (file.startsWith('..')) return undefined;
  return join(output, file === '.' || file.endsWith('/') ? join(file, 'index.html') : file);
}

/**
 * Starts the server; `0` is a free port.
 * @param {number} port
 */
export async function serve(port) {
  const server = createServer(async (request, response) => {
    const file = fileAt(new URL(request.url ?? '/', 'http://localhost').pathname);
    const body = file === undefined ? undefined : await readFile(file).catch(() => undefined);
    const type = TYPES[extname(file ?? '')] ?? 'application/octet-stream';
    response.writeHead(body ? 200 : 404, { 'content-type': body ? type : TYPES['.html'], 'cache-control': 'no-store' });
    response.end(body ?? (await readFile(join(output, '404.html')).catch(() => 'not found')));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${address.port}${base}`, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(0);
  console.log(`\nThe documentation is at ${url}\nCtrl-C stops.`);
}
