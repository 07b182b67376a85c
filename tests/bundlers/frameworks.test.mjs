// The bindings to frameworks: a component shows the state of the session, and follows changes here and in another tab.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { startStack } from '../e2e/support/stack.mjs';
import { StaticServer, installPacked, launchAt, recordComplaints, workspace } from './support.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Browser } from '../e2e/support/browser.mjs'
 * @import { Stack } from '../e2e/support/stack.mjs'
 */

/** The limit for what a binding adds to a page, in bytes. */
const LARGEST_BINDING = 1_000;

/**
 * Imports a framework, or what is made for one. They are installed for the fixtures, without their types.
 * @type {(specifier: string) => Promise<any>}
 */
const fixtureImport = (specifier) => import(specifier);

describe('a component', () => {
  /** @type {Stack} */
  let stack;
  /** @type {StaticServer} */
  let server;
  /** @type {Browser} */
  let browser;

  before(async () => {
    installPacked();
    stack = await startStack('localhost');
    server = await StaticServer.start({ authressApiUrl: stack.sandboxUrl, applicationId: stack.applicationId });
    browser = await launchAt(stack, server.port);
  });
  after(async () => {
    await browser?.close();
    server?.stop();
    await stack?.stop();
  });

  for (const framework of ['react', 'vue', 'svelte']) {
    test(`of ${framework} shows the state of the session`, { timeout: 600_000 }, async () => {
      const folder = join(workspace, 'target/bundlers', framework);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await (await import(`./fixtures/${framework}/build.mjs`)).default(folder);
      server.serve(folder);
      const context = await browser.newContext();
      context.setDefaultTimeout(60_000);
      try {
        const page = await context.newPage();
        const complaints = recordComplaints(page);
        /** @type {(tab: Page, status: string) => Promise<unknown>} */
        const shows = (tab, status) => tab.waitForSelector(`#shopper[data-status="${status}"]`, { state: 'attached' });

        await page.goto(`${stack.shopUrl}/`);
        await shows(page, 'signed-out');
        // Nothing is stored, so that the script knows at once. Vue's binding starts as a server would render it.
        const first = framework === 'vue' ? ['checking', 'signed-out'] : ['signed-out'];
        assert.deepEqual([...new Set(await page.evaluate(() => window.renderings))], first);

        await page.evaluate((connectionId) => {
          window.login.authenticate({ connectionId, redirectUrl: '/?started' }).catch((error) => {
            document.title = error.code;
          });
        }, stack.shopperConnectionId);
        await page.waitForURL((url) => url.origin === stack.shopUrl && url.search.startsWith('?started'));
        await shows(page, 'anonymous');
        const userId = await page.textContent('#shopper');
        assert.match(userId ?? '', /^user_/);

        const other = await context.newPage();
        await other.goto(`${stack.shopUrl}/`);
        await shows(other, 'anonymous');
        assert.equal(await other.textContent('#shopper'), userId);
        await page.evaluate(() => {
          window.login.logout('/?bye').catch(() => {});
        });
        await shows(other, 'signed-out');
        assert.equal(await other.textContent('#shopper'), '');
        // A context that is closed during a navigation is sometimes never closed.
        await page.waitForURL((url) => url.search === '?bye');
        assert.deepEqual(complaints, []);
      } finally {
        await context.close();
      }
    });

    test(`of ${framework} costs less than a kilobyte`, () => {
      const bytes = brotliCompressSync(readFileSync(join(workspace, 'pkg', `${framework}.js`))).length;
      assert.ok(bytes <= LARGEST_BINDING, `${bytes} bytes`);
    });
  }

  test('of react is rendered on a server by settings alone, and equal settings share a client', async () => {
    // Next.js takes a module for a client component by its first line only.
    assert.match(readFileSync(join(workspace, 'pkg/react.js'), 'utf8'), /^'use client';\n/);
    const { createElement } = await fixtureImport('react');
    const { renderToString } = await fixtureImport('react-dom/server');
    const { LoginClientProvider, useLoginClient, useShopper } = await fixtureImport('authress-login-wasm/react');
    const clients = new Set();
    const Shopper = () => {
      clients.add(useLoginClient());
      return createElement('p', null, useShopper().status);
    };
    /** @param {object} properties */
    const rendered = (properties) =>
      renderToString(createElement(LoginClientProvider, properties, createElement(Shopper)));
    const settings = { authressApiUrl: 'https://login.example.com', applicationId: 'app_shop' };
    for (let index = 0; index < 1_000; index++)
      assert.equal(rendered({ settings: { ...settings } }), '<p>checking</p>');
    assert.equal(clients.size, 1);
    rendered({ settings: { ...settings, applicationId: 'app_other' } });
    assert.equal(clients.size, 2);
    assert.throws(() => rendered({ settings: { authressApiUrl: '' } }), { code: 'InvalidAuthressApiUrl' });
    assert.throws(() => rendered({ client: null }), /need a LoginClientProvider/);
  });

  test('of vue that a server has rendered is hydrated without a mismatch', { timeout: 600_000 }, async () => {
    const folder = join(workspace, 'target/bundlers/vue-hydration');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const fixture = await fixtureImport('./fixtures/vue-hydration/build.mjs');
    await fixture.default(folder);
    assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /data-status="checking"/);
    server.serve(folder);
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const complaints = recordComplaints(page);
      await page.goto(`${stack.shopUrl}/`);
      await page.waitForSelector('#shopper[data-status="signed-out"]', { state: 'attached' });
      assert.equal(
        await page.evaluate(() => window.known),
        'signed-out',
        'the state was known before the page was hydrated',
      );
      assert.equal(await page.textContent('#shopper'), 'signed-out object');
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  test('of vue keeps no subscriptions on a server that renders it a thousand times', async () => {
    const { render, serverClient } = await fixtureImport('./fixtures/vue-hydration/build.mjs');
    const login = serverClient();
    let subscriptions = 0;
    const counted = new Proxy(login, {
      get: (client, name) =>
        name === 'subscribe'
          ? (/** @type {unknown} */ listener) => {
              subscriptions += 1;
              return client.subscribe(listener);
            }
          : Reflect.get(client, name),
    });
    for (let index = 0; index < 1_000; index++) assert.match(await render(counted), /checking/);
    assert.equal(subscriptions, 0);
  });
});

test('the types of the bindings fit those of the frameworks', () => {
  installPacked();
  const args = [
    join(workspace, 'tests/node_modules/typescript/bin/tsc'),
    '--project',
    join(workspace, 'tests/bundlers/fixtures/types'),
  ];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
