// A local Authress on Node's HTTP server. What it responds is decided in WebAssembly, by the Rust code of the sandbox and
// of the verifier; JavaScript listens, reads requests, tells the time and writes responses.
import { createServer } from 'node:http';

import { Instance } from './src/instance.js';
import { requestHandler } from './src/request-handler.js';
import { PAGE_PATH } from './src/requests-page.js';

/** Only this machine can connect: at the fake identity providers, everyone can log in as anyone. */
const LOOPBACK = '127.0.0.1';
/** The service client of the built-in verifier. */
const SERVICE_CLIENT = 'sc_local';
const VERIFIER_PATH = '/sandbox/verifier/v1/login';
/** The addresses at which development servers serve pages: those of Next.js, Vite, Angular, Astro and webpack. */
const DEVELOPMENT_PORTS = [3000, 4173, 4200, 4321, 5173, 8080];

/** @type {typeof import('./index.d.ts').startSandbox} */
export async function startSandbox({
  port = 0,
  dialect = 'default',
  applicationId = 'app_local',
  redirectUrls = DEVELOPMENT_PORTS.flatMap((port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`]),
  connections,
} = {}) {
  const server = createServer();
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
  try {
    const instance = new Instance({
      listen: `${LOOPBACK}:${chosenPort}`,
      publicUrl: url,
      applications: [{ applicationId, redirectUrls }],
      serviceClients: [{ clientId: SERVICE_CLIENT, authorizationUrl: url + VERIFIER_PATH, accessKeyFile: '' }],
      dialect,
      ...(connections && { connections }),
    });
    server.on('request', requestHandler(instance));
    return {
      url,
      requestsUrl: url + PAGE_PATH,
      settings: { authressApiUrl: url, applicationId, anonymousConnectionId: SERVICE_CLIENT },
      setDialect: (dialect) => instance.setDialect(dialect),
      advanceClock: (seconds) => instance.advanceClock(seconds),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
