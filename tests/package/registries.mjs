// Registries for cargo and npm on loopback: as much of their interfaces as publishing and asking for a version need. They keep
// everything in memory.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @typedef {{ method: string, url: string, body: Buffer }} Request */
/** @typedef {{ status?: number, json?: unknown, body?: Buffer | string }} Response */

/**
 * Starts a server for as long as the test runs.
 * @param {import('node:test').TestContext} t
 * @param {(request: Request, address: string) => Response} respond
 */
async function serve(t, respond) {
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method = '', url = '' } = request;
    const {
      status = 200,
      json,
      body,
    } = respond({ method, url: decodeURIComponent(url), body: Buffer.concat(parts) }, address);
    response.writeHead(status, json === undefined ? {} : { 'content-type': 'application/json' });
    response.end(json === undefined ? body : JSON.stringify(json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const address = `http://127.0.0.1:${port}`;
  t.after(() => server.close());
  return address;
}

/**
 * A registry of crates: cargo's sparse index, uploads and downloads.
 * @param {import('node:test').TestContext} t
 * @param {{ refuses?: (name: string) => boolean }} [options] which uploads fail
 */
export async function crateRegistry(t, { refuses = () => false } = {}) {
  /** @type {Map<string, { line: object, bytes: Buffer }[]>} */
  const crates = new Map();
  /** @type {string[]} */
  const uploads = [];
  const address = await serve(t, ({ method, url, body }, own) => {
    if (url === '/index/config.json') return { json: { dl: `${own}/dl/{crate}`, api: own } };
    const name = url.split('/').at(-1) ?? '';
    const versions = crates.get(name);
    if (method === 'GET' && url.startsWith('/dl/') && versions) return { body: versions[0].bytes };
    if (method === 'GET' && versions) return { body: versions.map(({ line }) => `${JSON.stringify(line)}\n`).join('') };
    if (method !== 'PUT' || url !== '/api/v1/crates/new') return { status: 404 };

    // Two blocks, each after its length: what cargo says of the crate, and its bytes.
    const about = body.subarray(4, 4 + body.readUInt32LE());
    const bytes = body.subarray(8 + about.length);
    const { name: crate, vers, deps, features } = JSON.parse(about.toString());
    if (refuses(crate) || crates.has(crate))
      return { status: 400, json: { errors: [{ detail: `${crate} is refused` }] } };
    uploads.push(crate);
    const cksum = createHash('sha256').update(bytes).digest('hex');
    const lines = deps.map((/** @type {any} */ { version_req: req, ...rest }) => ({ ...rest, req }));
    crates.set(crate, [{ line: { name: crate, vers, deps: lines, features, cksum, yanked: false }, bytes }]);
    return { json: { warnings: { invalid_categories: [], invalid_badges: [], other: [] } } };
  });
  return { address, uploads };
}

/**
 * A registry of npm packages.
 * @param {import('node:test').TestContext} t
 */
export async function npmRegistry(t) {
  /** @type {Map<string, any>} */
  const packages = new Map();
  const address = await serve(t, ({ method, url, body }) => {
    const name = url.slice(1);
    if (method === 'GET') return packages.has(name) ? { json: packages.get(name) } : { status: 404, json: {} };
    const published = JSON.parse(body.toString());
    const known = packages.get(name);
    const versions = { ...known?.versions, ...published.versions };
    packages.set(name, { ...published, 'dist-tags': { ...known?.['dist-tags'], ...published['dist-tags'] }, versions });
    return { json: { ok: true } };
  });
  return { address, packages };
}
