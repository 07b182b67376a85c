// The servers and the browser that a benchmark runs on.

import { startStack } from '../../e2e/support/stack.mjs';
import { launchFor } from './browser.mjs';
import { BACKGROUND_REDIRECT_URL, buildPages } from './pages.mjs';
import { Server } from './server.mjs';

/**
 * @import { Browser } from 'playwright-core'
 * @import { Stack, Topology } from '../../e2e/support/stack.mjs'
 * @import { Clients } from './pages.mjs'
 */

/**
 * What a benchmark runs on.
 * @typedef {{ browser: Browser, stack: Stack, server: Server }} Bench
 */

/**
 * Runs `work` with the pages of these clients behind the shop's name in this topology.
 * @template Result
 * @param {Clients} clients
 * @param {Topology} topology
 * @param {(bench: Bench) => Promise<Result>} work
 */
export async function withBench(clients, topology, work) {
  const stack = await startStack(topology, { background: true });
  let server;
  let browser;
  try {
    const { sandboxUrl: authressApiUrl, applicationId, shopperConnectionId: connectionId } = stack;
    const background = { anonymousConnectionId: connectionId, backgroundRedirectUrl: BACKGROUND_REDIRECT_URL };
    const settings = { authressApiUrl, applicationId, ...background };
    const files = await buildPages(clients, { settings, connectionId });
    server = await Server.start(files, stack.logs);
    browser = await launchFor(stack, server.port);
    return await work({ browser, stack, server });
  } finally {
    await browser?.close();
    server?.stop();
    await stack.stop();
  }
}
