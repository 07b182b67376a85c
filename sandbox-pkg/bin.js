#!/usr/bin/env node
// npx authress-login-sandbox: runs the sandbox until the process is ended.
import { parseArgs } from 'node:util';

import { startSandbox } from './index.js';

const USAGE = `npx authress-login-sandbox [--port 8888] [--dialect default|strict] [--application-id app_local]
                           [--redirect-url URL]...

A local Authress with a verifier, on loopback only. For development and tests: everyone can log in as anyone.`;

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8888' },
      dialect: { type: 'string' },
      'application-id': { type: 'string' },
      'redirect-url': { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else {
    const sandbox = await startSandbox({
      port: Number(values.port),
      dialect: /** @type {import('./index.d.ts').Dialect | undefined} */ (values.dialect),
      applicationId: values['application-id'],
      redirectUrls: values['redirect-url'],
    });
    console.error('authress-login-sandbox: for development only: everyone can log in as anyone.');
    console.log(`ready ${sandbox.url}\n${JSON.stringify(sandbox.settings, null, 2)}`);
    console.log(`requests as they happen: ${sandbox.requestsUrl}`);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => sandbox.stop());
  }
} catch (error) {
  console.error(`authress-login-sandbox: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 1;
}
