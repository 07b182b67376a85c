// The recipes of docs/server.md run as they are printed, with the package as an application installs it. Names that stand
// for the shop's own data are globals here; those of Next.js that only a rendering has are compiled only (tests/types).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { createApp, defineEventHandler, toNodeListener } from 'h3';

import { startRedis } from '../e2e/support/redis.mjs';
import { until } from '../e2e/support/until.mjs';
import { Issuer, serve } from './server-entry.mjs';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
const SHOP = 'https://www.example.com';

/** The recipes by the names of their files. */
const recipes = new Map(
  [...readFileSync(join(workspace, 'docs/server.md'), 'utf8').matchAll(/^```jsx?\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
    ([, name, code]) => [name, code],
  ),
);

const folder = mkdtempSync(join(tmpdir(), 'recipes-'));
const issuer = await Issuer.start({ after });

/** Installs the package as the registry would: its package.json and the entry, beside what the application depends on. */
async function install() {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'authress-login-wasm');
  mkdirSync(installed, { recursive: true });
  cpSync(join(workspace, 'pkg/package.json'), join(installed, 'package.json'));
  await build({
    entryPoints: {
      'shopper-verifier': join(workspace, 'pkg/src/server/index.js'),
      'shopper-verifier-in-browser': join(workspace, 'pkg/src/server/in-browser.js'),
    },
    outdir: join(installed, 'dist'),
    bundle: true,
    format: 'esm',
    packages: 'external',
    tsconfigRaw: {},
  });
  for (const name of ['jose', 'express', 'redis'])
    symlinkSync(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), join(modules, name));
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  for (const [name, code] of recipes) {
    if (name.endsWith('.jsx')) continue;
    // Each recipe is in the folder of shopper.js, whose name in an application depends on the framework.
    writeFileSync(join(folder, name.replaceAll('/', '.')), code);
  }
}

/** @type {(name: string) => Promise<any>} */
const recipe = (name) => import(pathToFileURL(join(folder, name.replaceAll('/', '.'))).href);

/** @type {Map<string, string[]>} the carts by user id */
const carts = new Map();
Object.assign(process.env, {
  AUTHRESS_API_URL: issuer.origin,
  AUTHRESS_APPLICATION_ID: 'app_shop',
  SHOP_ORIGIN: SHOP,
  TICKET_KEY: 'MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp',
});
Object.assign(globalThis, {
  defineEventHandler,
  cartOf: async (/** @type {string} */ userId) => ({ userId, items: carts.get(userId) ?? [] }),
  moveCart: async (/** @type {string} */ from, /** @type {string} */ to) => {
    carts.set(to, [...(carts.get(to) ?? []), ...(carts.get(from) ?? [])]);
    carts.delete(from);
  },
});
await install();
after(() => rmSync(folder, { recursive: true }));

const token = await issuer.token();
const bearer = { authorization: `Bearer ${token}` };
const cookie = { cookie: `authorization=${token}` };

/**
 * Holds a route of a cart to what every recipe promises.
 * @param {(headers: Record<string, string>) => Promise<Response>} get
 */
async function holdsCart(get) {
  for (const headers of [bearer, cookie]) {
    const response = await get(headers);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { userId: 'user_a', items: [] });
    assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  const none = await get({});
  assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
  assert.equal((await none.json()).errorCode, 'TokenMissing');
  const expired = await get({ authorization: `Bearer ${await issuer.token({ exp: 1 })}` });
  assert.match(expired.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token", error_description="/);
  assert.equal(expired.headers.get('cache-control'), 'no-store');
  assert.equal((await expired.json()).errorCode, 'TokenExpired');
}

/** @type {(headers: Record<string, string>, options?: RequestInit) => Request} */
const request = (headers, options) => new Request(`${SHOP}/api/cart`, { ...options, headers });

describe('the recipe for', () => {
  test('Next.js protects a route', async () => {
    const { GET } = await recipe('app/api/cart/route.js');
    await holdsCart((headers) => GET(request(headers)));
  });

  test('Next.js rejects requests before they reach a route', async () => {
    const { proxy, config } = await recipe('proxy.js');
    assert.equal(await proxy(request(bearer)), undefined, 'the request goes on');
    assert.equal((await proxy(request({}))).status, 401);
    assert.ok(config.matcher);
  });

  test('Nuxt protects a route', async (t) => {
    const { default: handler } = await recipe('server/api/cart.get.js');
    const origin = await serve(t, toNodeListener(createApp().use('/api/cart', handler)));
    await holdsCart((headers) => fetch(`${origin}/api/cart`, { headers }));
  });

  test('SvelteKit protects a route, and shows a cart in a page', async () => {
    const { GET } = await recipe('src/routes/api/cart/+server.js');
    await holdsCart((headers) => GET({ request: request(headers) }));
    const { load } = await recipe('src/routes/cart/+page.server.js');
    assert.deepEqual(await load({ request: request(cookie) }), { cart: { userId: 'user_a', items: [] } });
    assert.deepEqual(await load({ request: request({}) }), { cart: null });
  });

  test('React Router protects a route, and shows a cart in a page', async () => {
    const { loader: api } = await recipe('app/routes/api.cart.js');
    await holdsCart((headers) => api({ request: request(headers) }));
    const { loader: page } = await recipe('app/routes/cart.js');
    assert.deepEqual(await page({ request: request(cookie) }), { cart: { userId: 'user_a', items: [] } });
    assert.deepEqual(await page({ request: request({}) }), { cart: null });
  });

  test('Express protects a route, and leaves other errors alone', async (t) => {
    const { app } = await recipe('server.js');
    app.get('/fault', () => {
      throw Object.assign(new Error('a fault'), { status: 418 });
    });
    app.use((/** @type {any} */ error, /** @type {any} */ _, /** @type {any} */ response, /** @type {any} */ _next) =>
      response.status(error.status).end(),
    );
    const origin = await serve(t, app);
    await holdsCart((headers) => fetch(`${origin}/api/cart`, { headers }));
    assert.equal((await fetch(`${origin}/fault`)).status, 418);
  });
});

describe('a bundler', () => {
  /** @param {import('esbuild').BuildOptions} options */
  const bundled = async (options) => {
    const contents = "import { createShopperVerifier } from 'authress-login-wasm/server'; createShopperVerifier({});";
    const stdin = { contents, resolveDir: folder };
    const { metafile, outputFiles } = await build({
      stdin,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      tsconfigRaw: {},
      ...options,
    });
    return { files: Object.keys(metafile?.inputs ?? {}).join(' '), text: String(outputFiles?.[0].text) };
  };

  for (const [name, options] of /** @type {[string, import('esbuild').BuildOptions][]} */ ([
    ['browsers', { platform: 'browser' }],
    ['browsers, in development', { platform: 'browser', conditions: ['development', 'module'] }],
  ])) {
    test(`for ${name} takes no jose, and says in the page where the entry belongs`, async () => {
      const { files, text } = await bundled(options);
      assert.doesNotMatch(files, /jose/);
      assert.match(files, /shopper-verifier-in-browser\.js/);
      assert.match(text, /runs on servers only/);
    });
  }

  for (const [name, options] of /** @type {[string, import('esbuild').BuildOptions][]} */ ([
    ['Node.js', { platform: 'node' }],
    ['Workers, which also set the condition of browsers', { conditions: ['workerd', 'worker', 'browser'] }],
    ['Deno', { conditions: ['deno', 'browser'] }],
    ['Next.js at the edge', { conditions: ['edge-light', 'browser'] }],
  ])) {
    test(`for ${name} takes the entry with jose`, async () => {
      const { files, text } = await bundled(options);
      assert.match(files, /node_modules\/jose\//);
      assert.doesNotMatch(text, /runs on servers only/);
    });
  }
});

describe('the recipe for claim tickets', async () => {
  const { url, server } = await startRedis();
  process.env.REDIS_URL = url;
  const { issueTicket, redeemTicket } = await recipe('tickets.js');
  const { redis, store } = await recipe('store.js');
  after(() => {
    redis.destroy();
    server.kill();
  });
  const customer = { authorization: `Bearer ${await issuer.token({ sub: 'user_b', azp: 'con_acorn' })}` };
  const ticketOf = async () => (await (await issueTicket(request(bearer, { method: 'POST' }))).json()).ticket;
  /** @type {(headers: Record<string, string>, ticket: unknown) => Promise<{ status: number, body: any }>} */
  const redeem = async (headers, ticket) => {
    const response = await redeemTicket(request(headers, { method: 'POST', body: JSON.stringify({ ticket }) }));
    return { status: response.status, body: await response.json() };
  };

  test('moves a cart once, with a real Redis', async () => {
    carts.set('user_a', ['mug']).set('user_b', ['teapot']);
    const ticket = await ticketOf();
    const results = await Promise.all([1, 2, 3].map(() => redeem(customer, ticket)));
    const [moved, ...again] = results.sort((one, other) => one.status - other.status);
    assert.deepEqual(moved, { status: 200, body: { userId: 'user_b', items: ['teapot', 'mug'] } });
    for (const { status, body } of again) assert.deepEqual([status, body.errorCode], [403, 'TicketAlreadyUsed']);
    assert.equal(carts.has('user_a'), false);
  });

  test('issues no ticket to a customer, and redeems none for an anonymous shopper', async () => {
    const issued = await issueTicket(request(customer, { method: 'POST' }));
    assert.deepEqual([issued.status, await issued.json()], [403, { errorCode: 'NotAnonymous' }]);
    assert.deepEqual(await redeem(bearer, await ticketOf()), { status: 403, body: { errorCode: 'StillAnonymous' } });
    assert.deepEqual((await redeem(customer, undefined)).body.errorCode, 'TicketForged');
  });

  test('lets Redis forget a ticket when it has expired everywhere', async () => {
    const soon = Date.now() + 300;
    assert.deepEqual([await store.spend('short', soon), await store.spend('short', soon)], [true, false]);
    // Redis counts the time from the arrival of the command.
    await until(() => store.spend('short', Date.now() + 60_000), true, 'the ticket is forgotten');
    assert.ok(Date.now() >= soon);
  });

  test('redeems nothing while Redis is down', async (t) => {
    t.mock.method(console, 'error', () => {});
    const ticket = await ticketOf();
    server.kill();
    await once(server, 'exit');
    const { status, body } = await redeem(customer, ticket);
    assert.deepEqual([status, body.errorCode], [503, 'TicketUnavailable']);
  });
});
