// Chromium as a shopper's: with a cache that works.

import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { launch } from '../../e2e/support/browser.mjs';

/**
 * @import { Browser } from 'playwright-core'
 * @import { StackDescription } from '../../e2e/support/stack.mjs'
 */

/**
 * Starts Chromium with `port` behind the shop's name.
 * @param {StackDescription} stack
 * @param {number} port
 */
export async function launchFor(stack, port) {
  const shop = `MAP ${new URL(stack.shopUrl).host}:443`;
  const browserArgs = stack.browserArgs
    // Authress knows the shop's address; behind it are the benchmark's pages now.
    .map((argument) => argument.replace(new RegExp(`${shop} [^,]*`), `${shop} 127.0.0.1:${port}`))
    // What came by a connection with a certificate error is never cached, even where the error is ignored: so this one
    // key is trusted instead.
    .map((argument) =>
      argument === '--ignore-certificate-errors' ? `${argument}-spki-list=${keyHash(stack)}` : argument,
    );
  return /** @type {Browser} */ (await launch({ ...stack, browserArgs }));
}

/** @param {StackDescription} stack */
function keyHash({ logs }) {
  const { publicKey } = new X509Certificate(readFileSync(join(logs, 'cert.pem')));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}
