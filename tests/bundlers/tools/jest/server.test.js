/** @jest-environment node */
import { LoginClient } from 'authress-login-wasm';

test('a server renders with the same client', async () => {
  expect(
    await new LoginClient({
      authressApiUrl: 'https://login.example.com',
      applicationId: 'app_shop',
    }).userSessionExists(),
  ).toBe(false);
});
