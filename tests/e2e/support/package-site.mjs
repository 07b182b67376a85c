// A page and a server of the package's files, which can fail in every way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, beforeEach } from 'node:test';

import { launch } from './browser.mjs';
import { PATIENCE_MS } from './limits.mjs';
import { portOf } from './ports.mjs';
import { workspace } from './stack.mjs';

/**
 * @import { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
 * @import { Page } from 'playwright-core'
 */

/** @typedef {(response: ServerResponse, request: IncomingMessage) => unknown} Handler */

/** @type {(file: string) => Buffer} */
export const dist = (file) => readFileSync(`${workspace}pkg/dist/${file}`);
export const CORE = 'authress_login_wasm_bg.wasm';
export const WASM = { 'content-type': 'application/wasm' };

const HTML = '<script type="module">import * as it from "/dist/index.js"; window.it = it;</script>';

/** A server of a page and of the package's files. */
export class Site {
  /**
   * Handlers that replace files, by their paths.
   * @type {Map<string, Handler>}
   */
  files = new Map();
  /**
   * Headers of the page.
   * @type {OutgoingHttpHeaders}
   */
  headers = {};
  /**
   * The paths that were requested.
   * @type {string[]}
   */
  requested = [];
  html = HTML;
  origin = '';
  #server = createServer((request, response) => this.#respond(request, response));

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.origin = `http://127.0.0.1:${portOf(this.#server)}`;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  reset() {
    Object.assign(this, { files: new Map(), headers: {}, requested: [], html: HTML });
  }

  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   * @returns {unknown}
   */
  #respond(request, response) {
    const { pathname } = new URL(request.url ?? '', this.origin);
    this.requested.push(pathname);
    const handler = this.files.get(pathname);
    if (handler) return handler(response, request);
    if (pathname === '/')
      return response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...this.headers })
        .end(`<!doctype html><title>Shop</title>${this.html}`);
    if (!pathname.startsWith('/dist/'))
      return response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>');
    const type = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    return response
      .writeHead(200, { 'content-type': type, 'cache-control': 'max-age=600' })
      .end(dist(pathname.slice('/dist/'.length)));
  }
}

/** @type {(status?: number) => Handler} */
export const html =
  (status = 200) =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>Shop</title>');

/**
 * Starts two sites and a browser for a block of tests.
 * @returns what the tests need: the `site`, another one `elsewhere`, and `withPage`, which opens the site
 */
export function setUp() {
  const [site, elsewhere] = [new Site(), new Site()];
  /** @type {import('./browser.mjs').Browser | undefined} */
  let browser;
  before(async () => {
    await Promise.all([site.start(), elsewhere.start()]);
    browser = await launch({ browserArgs: [] });
  });
  after(async () => {
    await browser?.close();
    site.stop();
    elsewhere.stop();
  });
  beforeEach(() => {
    for (const server of [site, elsewhere]) server.reset();
  });

  /**
   * @template Result
   * @param {(tab: { page: Page, warnings: string[] }) => Promise<Result>} work
   * @param {() => void} [init] runs before the page's own scripts
   * @returns {Promise<Result>}
   */
  async function withPage(work, init) {
    assert.ok(browser);
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const page = await context.newPage();
      /** @type {string[]} */
      const warnings = [];
      page.on('console', (message) => {
        if (message.type() === 'warning') warnings.push(message.text());
      });
      if (init) await page.addInitScript(init);
      await page.goto(`${site.origin}/`);
      await page.waitForFunction(() => window.it ?? window.AuthressLogin);
      return await work({ page, warnings });
    } finally {
      await context.close();
    }
  }

  return { site, elsewhere, withPage };
}
