// The packed package, installed as by npm; a server for what the bundlers have built; and the browser that opens it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { launch } from '../e2e/support/browser.mjs';
import { portOf } from '../e2e/support/ports.mjs';

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { Page } from 'playwright-core'
 * @import { Stack } from '../e2e/support/stack.mjs'
 */

export const workspace = fileURLToPath(new URL('../..', import.meta.url));
const installed = join(workspace, 'tests/bundlers/node_modules/authress-login-wasm');
/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain',
};

/**
 * Packs a package into `folder`.
 * @param {string} folder
 * @param {'pkg' | 'sandbox-pkg'} source
 * @returns {{ file: string, files: string[] }} the tarball, and the files in it
 */
export function pack(folder, source = 'pkg') {
  const args = ['pack', join(workspace, source), '--json', '--pack-destination', folder];
  /** @type {[{ filename: string, files: { path: string }[] }]} */
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  return { file: join(folder, filename), files: files.map(({ path }) => path).sort() };
}

/** Installs the packed package for the fixtures. */
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

/** @typedef {(path: string, request: IncomingMessage, response: ServerResponse) => unknown} Handler */

/** Serves one folder at a time, or delegates to a development server. */
export class StaticServer {
  #server = createServer((request, response) => this.#handle(request, response));
  #settings;
  /** @type {Handler} */
  #respond = (_, __, response) => response.writeHead(404).end();
  /**
   * What browsers have downloaded: path to bytes, compressed with brotli.
   * @type {Map<string, number>}
   */
  downloaded = new Map();
  /**
   * The paths of all requests.
   * @type {string[]}
   */
  requested = [];

  /** @param {object} settings of the login client */
  constructor(settings) {
    this.#settings = JSON.stringify(settings);
  }

  /** @param {object} settings of the login client */
  static async start(settings) {
    const server = new StaticServer(settings);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port() {
    return portOf(this.#server);
  }

  /** @param {string} folder */
  serve(folder) {
    this.#clear();
    this.#respond = (path, _, response) => this.#file(folder, path, response);
  }

  /** @param {import('node:http').RequestListener} handle */
  delegate(handle) {
    this.#clear();
    this.#respond = (_, request, response) => handle(request, response);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #clear() {
    this.downloaded = new Map();
    this.requested = [];
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  #handle(request, response) {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    this.requested.push(pathname);
    if (pathname === '/settings.json') response.writeHead(200, { 'content-type': TYPES['.json'] }).end(this.#settings);
    else if (pathname === '/favicon.ico') response.writeHead(204).end();
    else this.#respond(pathname, request, response);
  }

  /**
   * @param {string} folder
   * @param {string} path
   * @param {ServerResponse} response
   */
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

/** @param {Buffer} bytes */
function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

/**
 * Starts a browser in which the shop's address, which Authress knows, leads to another server.
 * @param {Stack} stack
 * @param {number} port of that server
 */
export async function launchAt(stack, port) {
  const rule = `--host-resolver-rules=MAP ${new URL(stack.shopUrl).host} 127.0.0.1:${port}`;
  return await launch({ ...stack, browserArgs: [...stack.browserArgs, rule] });
}

/** The data of the module in base64, of which only the JavaScript form has a part. */
const base64 = () => /[A-Za-z0-9+/]{80}/.exec(readFileSync(join(workspace, 'pkg/dist/fallback.js'), 'utf8'))?.[0];

/**
 * Checks that no address has the form for browsers without WebAssembly. It is found by its content, since bundlers rename
 * files.
 * @param {Iterable<string>} urls
 */
export async function assertNoJavaScriptForm(urls) {
  const part = base64();
  assert.ok(part);
  for (const url of new Set(urls)) {
    const response = await fetch(url);
    const isForm =
      /javascript/.test(response.headers.get('content-type') ?? '') && (await response.text()).includes(part);
    assert.ok(!isForm, `${url} has the form for browsers without WebAssembly, which this one does not need`);
  }
}

/**
 * Records the errors and warnings of a page.
 * @param {Page} page
 */
export function recordComplaints(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  return complaints;
}

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
