// A local Authress on Node's HTTP server. What it responds is decided in WebAssembly, by the Rust code of the sandbox and
// of the verifier; this file listens, reads requests, tells the time and writes responses.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { initSync, LocalAuthress } from './dist/authress_sandbox.js';

/** Only this machine can connect: at the fake identity providers, everyone can log in as anyone. */
const LOOPBACK = '127.0.0.1';
/** The service client of the built-in verifier. */
const SERVICE_CLIENT = 'sc_local';
const VERIFIER_PATH = '/sandbox/verifier/v1/login';
/** The addresses at which development servers serve pages: those of Next.js, Vite, Angular, Astro and webpack. */
const DEVELOPMENT_PORTS = [3000, 4173, 4200, 4321, 5173, 8080];
/** The sandbox responds with 413 to a longer body; the rest is not kept in memory. */
const MAX_BODY_BYTES = 64 * 1024;

initSync({ module: readFileSync(new URL('./dist/authress_sandbox_bg.wasm', import.meta.url)) });

/** @type {typeof import('./index.d.ts').startSandbox} */
export async function startSandbox({
  port = 0,
  dialect = 'default',
  applicationId = 'app_local',
  redirectUrls = DEVELOPMENT_PORTS.flatMap((port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`]),
  connections,
} = {}) {
  /** @type {LocalAuthress} */
  let authress;
  const server = createServer((request, response) => serve(authress, request, response));
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve(undefined));
  });
  const stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    });

  const { port: chosenPort } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://${LOOPBACK}:${chosenPort}`;
  const configuration = {
    listen: `${LOOPBACK}:${chosenPort}`,
    publicUrl: url,
    applications: [{ applicationId, redirectUrls }],
    serviceClients: [{ clientId: SERVICE_CLIENT, authorizationUrl: url + VERIFIER_PATH, accessKeyFile: '' }],
    dialect,
    ...(connections && { connections }),
  };
  try {
    authress = new LocalAuthress(JSON.stringify(configuration), Date.now());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    settings: { authressApiUrl: url, applicationId, anonymousConnectionId: SERVICE_CLIENT },
    setDialect: (dialect) => authress.setDialect(JSON.stringify(dialect)),
    advanceClock: (seconds) => authress.advanceClock(seconds),
    stop,
  };
}

/**
 * @param {LocalAuthress} authress
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function serve(authress, request, response) {
  let result;
  try {
    const body = await read(request);
    result = authress.handle(request.method ?? '', request.url ?? '', request.rawHeaders, body, Date.now());
  } catch (error) {
    // The browser has gone, the request is not valid, or the sandbox has a bug.
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`authress-login-sandbox: ${error instanceof Error ? error.message : error}\n`);
    return;
  }
  const { status, headers, body, delayMs, isDropped } = result;
  result.free();
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (isDropped) {
    response.destroy();
    return;
  }
  response.writeHead(status, headers);
  response.end(body);
}

/** @param {import('node:http').IncomingMessage} request */
async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}
