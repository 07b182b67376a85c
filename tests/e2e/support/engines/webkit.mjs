// WebKitGTK, by its own WebDriver and a proxy for what that cannot do.

import { Watch } from '../watch.mjs';
import { Context } from './webkit/context.mjs';

export const isErrorPage = () => true;

export const isOfThePage = () => true;

/** Each profile is a browser of its own, so there is nothing to start yet. */
export async function launch(stack, { watch = new Watch() } = {}) {
  return { newContext: (options) => Context.open(stack, options, watch), close: async () => watch.close() };
}

/** Makes the shop's pages have another Content-Security-Policy. */
export async function rewritePolicy(page, stack, rewrite) {
  page.context().gate.rewritePolicy = (url, policy) => (url.origin === stack.shopUrl ? rewrite(policy) : policy);
}

/** WebKit does not tell where Back leads to: the address that is shown must do. */
export async function historyOf(page) {
  return [await page.url()];
}
