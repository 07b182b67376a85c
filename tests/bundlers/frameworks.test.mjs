// The bindings to frameworks: a component shows who is shopping, and follows what happens here and in
// another tab.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { launch } from '../e2e/support/browser.mjs';
import { startStack } from '../e2e/support/stack.mjs';
import { StaticServer, installPacked, workspace } from './support.mjs';

/** The most a binding may add to what a page downloads, in bytes. */
const LARGEST_BINDING = 1_000;

describe('a component', () => {
  let stack;
  let server;
  let browser;

  before(async () => {
    installPacked();
    stack = await startStack('localhost');
    server = await StaticServer.start({ authressApiUrl: stack.sandboxUrl, applicationId: stack.applicationId });
    const rule = `--host-resolver-rules=MAP ${new URL(stack.shopUrl).host} 127.0.0.1:${server.port}`;
    browser = await launch({ ...stack, browserArgs: [...stack.browserArgs, rule] });
  });
  after(async () => {
    await browser?.close();
    server?.stop();
    await stack?.stop();
  });

  for (const framework of ['react', 'vue', 'svelte']) {
    test(`of ${framework} shows who is shopping`, { timeout: 600_000 }, async () => {
      const folder = join(workspace, 'target/bundlers', framework);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await (await import(`./fixtures/${framework}/build.mjs`)).default(folder);
      server.serve(folder);
      const context = await browser.newContext();
      context.setDefaultTimeout(60_000);
      try {
        const page = await context.newPage();
        const complaints = [];
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (message) => {
          if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
        });
        const shows = (tab, status) => tab.waitForSelector(`#shopper[data-status="${status}"]`, { state: 'attached' });

        await page.goto(`${stack.shopUrl}/`);
        await shows(page, 'signed-out');
        assert.deepEqual([...new Set(await page.evaluate(() => window.renderings))], ['checking', 'signed-out']);

        await page.evaluate((connectionId) => {
          window.login.authenticate({ connectionId, redirectUrl: '/?started' }).catch((error) => {
            document.title = error.code;
          });
        }, stack.shopperConnectionId);
        await page.waitForURL((url) => url.origin === stack.shopUrl && url.search.startsWith('?started'));
        await shows(page, 'signed-in');
        const userId = await page.textContent('#shopper');
        assert.match(userId, /^user_/);

        const other = await context.newPage();
        await other.goto(`${stack.shopUrl}/`);
        await shows(other, 'signed-in');
        assert.equal(await other.textContent('#shopper'), userId);
        await page.evaluate(() => {
          window.login.logout('/?bye').catch(() => {});
        });
        await shows(other, 'signed-out');
        assert.equal(await other.textContent('#shopper'), '');
        // A context that is closed while one of its pages is on its way is sometimes never closed.
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
    // Next.js takes a module for a client component by its first line alone.
    assert.match(readFileSync(join(workspace, 'pkg/react.js'), 'utf8'), /^'use client';\n/);
    const { createElement } = await import('react');
    const { renderToString } = await import('react-dom/server');
    const { LoginClientProvider, useLoginClient, useShopper } = await import('authress-login-wasm/react');
    const clients = new Set();
    const Shopper = () => {
      clients.add(useLoginClient());
      return createElement('p', null, useShopper().status);
    };
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
    const fixture = await import('./fixtures/vue-hydration/build.mjs');
    await fixture.default(folder);
    assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /data-status="checking"/);
    server.serve(folder);
    const context = await browser.newContext();
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      await page.goto(`${stack.shopUrl}/`);
      await page.waitForSelector('#shopper[data-status="signed-out"]', { state: 'attached' });
      assert.equal(await page.evaluate(() => window.known), 'signed-out', 'it was known before the page was hydrated');
      assert.equal(await page.textContent('#shopper'), 'signed-out object');
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });

  test('of vue leaves nothing behind on a server that renders it a thousand times', async () => {
    const { render, serverClient } = await import('./fixtures/vue-hydration/build.mjs');
    const login = serverClient();
    let subscriptions = 0;
    const counted = new Proxy(login, {
      get: (client, name) =>
        name === 'subscribe'
          ? (listener) => {
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
