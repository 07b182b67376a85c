// The code of docs/comparison.md runs as it is printed, with the sandbox's settings: in the browser, and on a server. The
// component and its test run in tests/bundlers/tools/vitest.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { POLLING } from './support/shop.mjs';
import { filesOf, withSettings } from './support/snippets.mjs';
import { workspace } from './support/stack.mjs';
import { stories } from './support/story.mjs';
import { until } from './support/until.mjs';

/** @import { Cast } from './support/story.mjs' */

const files = filesOf('docs/comparison.md');
/** What the storefront's page runs: on every load it resumes, and keeps the result. */
const PAGE = `
  import * as cart from './cart.js';
  import * as account from './account.js';
  import { resume } from './resume.js';
  await resume();
  Object.assign(window, { ...cart, ...account, result: await account.signInResult() });`;

/**
 * Opens a page with the code, and a cart that takes requests.
 * @param {Cast} cast
 */
async function open({ page, stack, authress }) {
  /**
   * The requests to the cart, with the user id of the token.
   * @type {string[]}
   */
  const requests = [];
  for (const [name, code] of Object.entries({ ...files, 'app.js': PAGE }))
    await page.route(`**/${name}`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: withSettings(code, stack) }),
    );
  await page.route('**/api/cart/*', async (route) => {
    const request = route.request();
    const { sub } = await authress.verify(request.headers().authorization.replace('Bearer ', ''));
    requests.push(`${request.method()} ${new URL(request.url()).pathname} ${sub}`);
    await route.fulfill({ json: {} });
  });
  const isReady = () => page.waitForFunction(() => 'result' in window, null, POLLING);
  await page.goto(stack.shopUrl);
  await isReady();
  /** @type {() => Promise<string>} */
  const userId = async () => (await authress.verify((await page.evaluate(() => window.login.getToken())) ?? '')).sub;
  return { requests, isReady, userId };
}

describe('the code of the comparison', () => {
  const story = stories('localhost');

  story('adds to the cart as an anonymous shopper, and resumes after the redirect', async (cast) => {
    const { requests, isReady, userId } = await open(cast);
    await cast.page.evaluate(() => {
      window.addToCart('mug').catch(() => {});
    });
    await until(() => requests.length, 1);
    await isReady();
    const user = await userId();
    assert.deepEqual(requests, [`PUT /api/cart/mug ${user}`]);
    await cast.page.evaluate(() => window.addToCart('vase'));
    assert.deepEqual(requests.slice(1), [`PUT /api/cart/vase ${user}`], 'without leaving the page again');
  });

  story('converts to an account with the same user id', async (cast) => {
    const { page, shop, stack } = cast;
    const { requests, isReady, userId } = await open(cast);
    await page.evaluate(() => {
      window.addToCart('mug').catch(() => {});
    });
    await until(() => requests.length, 1);
    await isReady();
    const anonymous = await userId();
    assert.equal(await page.evaluate(() => window.result), null);
    await page.evaluate(() => {
      window.signIn().catch(() => {});
    });
    await shop.isAtProvider(stack.connections[0].connectionId);
    await shop.find('user-other').fill('compared');
    await shop.press('continue');
    await page.waitForURL((url) => url.origin === stack.shopUrl, { waitUntil: 'commit' });
    await isReady();
    assert.equal(await page.evaluate(() => window.result), 'linked');
    assert.equal(await page.evaluate(() => window.login.getSnapshot().status), 'signed-in');
    assert.equal(await userId(), anonymous);
  });

  story('knows the shopper on the server', async (cast) => {
    const { page, stack } = cast;
    const { requests, isReady, userId } = await open(cast);
    const folder = mkdtempSync(join(tmpdir(), 'comparison-'));
    try {
      // Installed as by npm: what the package imports is beside it.
      const modules = join(folder, 'node_modules');
      for (const name of ['package.json', 'dist/shopper-verifier.js'])
        cpSync(join(workspace, 'pkg', name), join(modules, 'authress-login-wasm', name));
      symlinkSync(dirname(fileURLToPath(import.meta.resolve('jose/package.json'))), join(modules, 'jose'), 'dir');
      const file = join(folder, 'api-cart.mjs');
      writeFileSync(file, withSettings(files['api-cart.js'], stack));
      Object.assign(globalThis, { cartOf: async (/** @type {string} */ owner) => ({ owner }) });
      const { GET } = await import(pathToFileURL(file).href);

      await page.evaluate(() => {
        window.addToCart('mug').catch(() => {});
      });
      await until(() => requests.length, 1);
      await isReady();
      const token = await page.evaluate(() => window.login.getToken());
      const url = `${stack.shopUrl}/api/cart`;
      const response = await GET(new Request(url, { headers: { authorization: `Bearer ${token}` } }));
      assert.deepEqual(await response.json(), { owner: await userId() });
      assert.equal((await GET(new Request(url))).status, 401);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
