// The test double in the place of the client that the application imports, as the README says.
import { LoginClient } from 'authress-login-wasm';
import { expect, test, vi } from 'vitest';

import * as shop from './login.js';

vi.mock('authress-login-wasm', () => import('authress-login-wasm/testing'));

test('the first example has no token before a login', async () => {
  expect(await shop.cartToken()).toBe(null);
});

test('a session begins when the test says so', async () => {
  const login = new LoginClient();
  login.setSession({ userId: 'user_1' });
  expect(await login.getToken()).toBe('test-token');
  expect(login.getSnapshot()).toMatchObject({ status: 'signed-in', userIdentity: { userId: 'user_1' } });
});
