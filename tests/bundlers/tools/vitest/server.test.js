import { LoginClient } from 'authress-login-wasm';
import { expect, test } from 'vitest';

test('without a window the visitor is signed out, at once', async () => {
  const login = new LoginClient({ authressApiUrl: 'https://login.example.com', applicationId: 'app_shop' });
  expect(await login.userSessionExists()).toBe(false);
  expect(await login.getLinkResult()).toBe(null);
  await expect(login.getToken()).rejects.toMatchObject({ code: 'TokenTimeout' });
});
