// A whole login without a browser: the client itself, and real servers.
import { get } from 'node:http';

import { LoginClient } from 'authress-login-wasm';
import { expect, test, vi } from 'vitest';

const { authressApiUrl, applicationId, connectionId } = JSON.parse(process.env.STACK);

/** Where a server redirects to. */
const redirectOf = (url) =>
  new Promise((resolve, reject) => {
    get(url, (response) => resolve(new URL(response.resume().headers.location, url).href)).on('error', reject);
  });

test('a shopper signs in', { timeout: 120_000 }, async () => {
  if (navigator.userAgent.includes('jsdom')) {
    // There `fetch` is that of Node.js, which names no origin, as every browser does.
    const fetchOfNode = fetch;
    vi.stubGlobal('fetch', (input, init) => {
      const request = new Request(input, init);
      request.headers.set('origin', location.origin);
      return fetchOfNode(request);
    });
  }
  const login = new LoginClient({ authressApiUrl, applicationId });
  expect(await login.userSessionExists()).toBe(false);
  // Nothing here can leave a page: the client returns the address, and the test follows its redirects.
  let { authenticationUrl: url } = await login.authenticate({ connectionId, redirectOpenType: 'client-managed' });
  while (!url.startsWith(location.origin)) url = await redirectOf(url);
  history.replaceState(null, '', url);
  expect(await login.userSessionExists()).toBe(true);
  expect(await login.getToken()).toMatch(/^ey/);
  expect(login.getUserIdentity().userId).toMatch(/^user_/);
});
