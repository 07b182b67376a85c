// From a request of Node's HTTP server to its response.
import { SandboxTrapped } from './instance.js';
import { RequestHistory } from './request-history.js';
import { isFromRequestsPage, RequestsPage } from './requests-page.js';

/**
 * @import { IncomingMessage, ServerResponse } from 'node:http'
 * @import { Instance, Response } from './instance.js'
 */

/** The sandbox responds with 413 to a longer body; the rest is not kept in memory. */
const MAX_BODY_BYTES = 64 * 1024;
/** What tests and the buttons of the page read and change: crates/sandbox/src/http/control.rs. */
const CONTROL_PATHS = new Set(['faults', 'clock', 'log', 'code-lifetime', 'dialect'].map((name) => `/sandbox/${name}`));

/**
 * @param {Instance} instance
 * @returns {(request: IncomingMessage, response: ServerResponse) => void}
 */
export function requestHandler(instance) {
  const history = new RequestHistory();
  const page = new RequestsPage(history, instance);
  /** @type {(request: IncomingMessage, response: ServerResponse) => Promise<void>} */
  const respond = async (request, response) => {
    const arrivedMs = Date.now();
    const start = performance.now();
    const body = await read(request).catch(() => null);
    // The browser has gone.
    if (!body || page.respond(request, response, body)) return;
    const { method = '', url: target = '', rawHeaders } = request;
    const isControl = CONTROL_PATHS.has(target);
    const headers = isControl && isFromRequestsPage(request) ? withoutOrigin(rawHeaders) : rawHeaders;
    const result = handle(instance, method, target, headers, body, request.headers.origin);
    if (result.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, result.delayMs));
    if (result.isDropped) response.destroy();
    else response.writeHead(result.status, result.headers).end(result.body);
    // Readings of the control routes, which tests and the page repeat, would hide the logins.
    if (isControl && method === 'GET') return;
    const durationMs = performance.now() - start;
    history.add({ method, target, body, response: result, isDropped: result.isDropped, arrivedMs, durationMs });
  };
  return (request, response) => {
    respond(request, response).catch((error) => {
      // A bug of this package, which must not end the process of the tests.
      process.emitWarning(error);
      response.destroy();
    });
  };
}

/**
 * The instance's response, or an error response if it has none.
 * @param {Instance} instance
 * @param {string} method
 * @param {string} target
 * @param {string[]} headers
 * @param {Uint8Array} body
 * @param {string | undefined} origin
 * @returns {Response}
 */
function handle(instance, method, target, headers, body, origin) {
  try {
    return instance.handle(method, target, headers, body);
  } catch (error) {
    const hasTrapped = error instanceof SandboxTrapped;
    const errorCode = hasTrapped ? error.code : 'InvalidRequest';
    const title = error instanceof Error ? error.message : String(error);
    return {
      status: hasTrapped ? 500 : 400,
      headers: ['content-type', 'application/json', 'cache-control', 'no-store', ...readableFrom(origin)],
      body: Buffer.from(JSON.stringify({ errorCode, title })),
      delayMs: 0,
      isDropped: false,
    };
  }
}

/**
 * Without these headers, the error response is a network failure to a page, which the login client repeats.
 * @param {string | undefined} origin
 */
const readableFrom = (origin) =>
  origin === undefined
    ? []
    : ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin'];

/**
 * The control routes refuse requests of pages by this header.
 * @param {string[]} headers a name, its value, the next name and so on
 */
const withoutOrigin = (headers) =>
  headers.filter((_, index) => headers[index - (index % 2)].toLowerCase() !== 'origin');

/** @param {IncomingMessage} request */
async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}
