// The packed package, installed as npm would, and a static server for what the bundlers made of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

export const workspace = fileURLToPath(new URL('../..', import.meta.url));
const installed = join(workspace, 'tests/bundlers/node_modules/authress-login-wasm');
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain',
};

/** Packs the package into `folder`; gives the tarball. */
export function pack(folder) {
  const args = ['pack', join(workspace, 'pkg'), '--json', '--pack-destination', folder];
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  return { file: join(folder, filename), files: files.map(({ path }) => path).sort() };
}

/** Puts the packed package where the fixtures find it. */
export function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  try {
    const { file } = pack(folder);
    rmSync(installed, { recursive: true, force: true });
    mkdirSync(installed);
    // Unpacking is all that an installation does: there are no dependencies and no scripts.
    execFileSync('tar', ['-xzf', file, '-C', installed, '--strip-components=1']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Serves one folder at a time, or what a development server answers. */
export class StaticServer {
  #server;
  #settings;
  #answer;
  /** What browsers have downloaded: path to bytes, as brotli makes them. */
  downloaded = new Map();
  /** The paths they asked for, one entry for each time. */
  requested = [];

  static async start(settings) {
    const server = new StaticServer();
    server.#settings = JSON.stringify(settings);
    server.#server = createServer((request, response) => server.#handle(request, response));
    await new Promise((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port() {
    return this.#server.address().port;
  }

  serve(folder) {
    this.#forget();
    this.#answer = (path, response) => this.#file(folder, path, response);
  }

  delegate(handle) {
    this.#forget();
    this.#answer = (_, response, request) => handle(request, response);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #forget() {
    this.downloaded = new Map();
    this.requested = [];
  }

  #handle(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    this.requested.push(pathname);
    if (pathname === '/settings.json') response.setHeader('content-type', TYPES['.json']).end(this.#settings);
    else if (pathname === '/favicon.ico') response.writeHead(204).end();
    else this.#answer(pathname, response, request);
  }

  #file(folder, path, response) {
    const file = join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
    if (!file.startsWith(folder) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      return response.writeHead(404, { 'content-type': TYPES['.html'] }).end('<!doctype html><title>Not found</title>');
    }
    const bytes = readFileSync(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    if (/javascript|wasm/.test(type)) this.downloaded.set(path, brotli(bytes));
    return response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(bytes);
  }
}

function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}
