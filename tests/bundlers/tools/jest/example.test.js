/** @jest-environment jsdom */
import { LoginClient } from 'authress-login-wasm';

import * as shop from './login.js';

test('the first example loads, and a visitor without a session has no token', async () => {
  expect(await shop.cartToken()).toBe(null);
});

test('a component of the shop is tested with a client whose session the test begins', async () => {
  const login = new LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: 'app_shop' });
  await expect(login.getToken()).rejects.toMatchObject({ code: 'TokenTimeout' });
  login.setSession({ userId: 'user_1' });
  expect(await login.userSessionExists()).toBe(true);
  expect(login.getSnapshot()).toMatchObject({ status: 'signed-in', userIdentity: { userId: 'user_1' } });
});
