// The module loads with unusual pages, servers and browsers, and without a warning.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CORE, dist, setUp } from './support/package-site.mjs';

/** @import { ServerResponse } from 'node:http' */

describe('a module that loads', () => {
  const { site, withPage } = setUp();

  /**
   * Loads the module on a page.
   * @param {() => void} [init] runs before the page's own scripts
   * @returns {Promise<string[]>} the warnings
   */
  const loaded = (init) =>
    withPage(async ({ page, warnings }) => {
      const failure = await page.evaluate(() =>
        (window.it ?? window.AuthressLogin).initWasm().then(
          () => null,
          (/** @type {Error} */ { message }) => message,
        ),
      );
      assert.equal(failure, null);
      return warnings;
    }, init);

  test('with a fetch that returns a proxy of the response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        window.fetch = async (...values) =>
          new Proxy(await fetch(...values), {
            get: (/** @type {any} */ response, name) =>
              typeof response[name] === 'function' ? response[name].bind(response) : response[name],
          });
      }),
      [],
    );
  });

  test('with a fetch that returns an object like a response', async () => {
    assert.deepEqual(
      await loaded(() => {
        const { fetch } = window;
        const likeFetch = async (/** @type {Parameters<typeof fetch>} */ ...values) => {
          const { status, ok, headers, ...rest } = await fetch(...values).then(async (response) => ({
            status: response.status,
            ok: response.ok,
            headers: response.headers,
            bytes: await response.arrayBuffer(),
          }));
          return { status, ok, headers, bodyUsed: false, arrayBuffer: async () => rest.bytes };
        };
        Object.assign(window, { fetch: likeFetch });
      }),
      [],
    );
  });

  test('in a browser without compileStreaming, without a warning', async () => {
    assert.deepEqual(
      await loaded(() => {
        delete (/** @type {{ compileStreaming?: unknown }} */ (WebAssembly).compileStreaming);
      }),
      [],
    );
  });

  for (const type of ['Application/WASM', 'application/wasm; charset=utf-8']) {
    test(`with the type ${type}, without a warning`, async () => {
      site.files.set(`/dist/${CORE}`, (response) => response.writeHead(200, { 'content-type': type }).end(dist(CORE)));
      assert.deepEqual(await loaded(), []);
    });
  }

  for (const address of ['/npm/authress-login-wasm', '/authress-login-wasm@0.1.0']) {
    test(`with a script at the package’s bare address, ${address}`, async () => {
      /** @type {(response: ServerResponse, name: string) => unknown} */
      const file = (response, name) =>
        response
          .writeHead(200, { 'content-type': name.endsWith('.js') ? 'text/javascript' : 'application/wasm' })
          .end(dist(name));
      site.files.set(address, (response) => file(response, 'script.js'));
      for (const name of [CORE, 'module.js', 'fallback.js'])
        site.files.set(`${address}/dist/${name}`, (response) => file(response, name));
      site.html = `<script src="${address}"></script>`;
      await loaded();
      assert.ok(site.requested.includes(`${address}/dist/${CORE}`));
      // And in a browser without WebAssembly.
      await loaded(() => {
        delete (/** @type {{ WebAssembly?: unknown }} */ (window).WebAssembly);
      });
      assert.ok(site.requested.includes(`${address}/dist/fallback.js`));
    });
  }
});
