// A third-party application that logs in to a platform by plain OAuth.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { stories } from './support/story.mjs';

describe('an extension', () => {
  const story = stories('localhost');

  /** The extension's client on the page. */
  async function extension(page, stack) {
    await page.page.evaluate(
      async ([url, id]) => {
        const { ExtensionClient } = await import('authress-login-wasm');
        window.login = new ExtensionClient(url, id);
      },
      [stack.sandboxUrl, stack.extensionId],
    );
  }

  story(
    'logs in, has a token of its own and forgets it with the page',
    async ({ shop, stack, authress, page: tab }) => {
      const page = new BarePage(shop);
      await page.open('/?mine=1');
      await extension(page, stack);
      assert.equal((await page.call('getTokenResponse')).value, null);
      assert.equal((await page.call('requestToken')).error.code, 'InvalidAuthorizationCode');
      assert.equal((await page.call('requestToken', { silent: true })).value, null);

      await page.leave('login', '/?extension');
      await tab.waitForURL((url) => url.origin === stack.sandboxUrl);
      const asked = new URL(await tab.url()).searchParams;
      assert.equal(asked.get('code_challenge_method'), 'S256');
      assert.equal(asked.get('code_challenge').length, 43);
      assert.ok(asked.get('state').length >= 20);
      await tab.getByRole('link', { name: /Acorn/ }).click();
      await page.pick('extension person');
      await page.returnsTo('/?extension');
      await extension(page, stack);
      const { accessToken } = (await page.call('login')).value;
      const claims = await authress.verifySignature(accessToken);
      assert.equal(claims.client_id, stack.extensionId);
      assert.equal((await page.call('getUserIdentity')).value.userId, claims.sub);
      assert.equal(new URL(await tab.url()).search, '?extension', 'code and state are gone, the page’s own stays');
      assert.equal(await tab.evaluate(() => localStorage.getItem('ExtensionRequestNonce')), null);

      await page.open('/?mine=1');
      await extension(page, stack);
      assert.equal((await page.call('getTokenResponse')).value, null);
    },
  );

  story('is let in by the platform’s own login page', async ({ shop, stack, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?mine=1');
    await extension(page, stack);
    await page.leave('login', '/?extension');
    await tab.waitForURL((url) => url.origin === stack.sandboxUrl);
    const link = await tab.getByRole('link', { name: /Acorn/ }).getAttribute('href');
    const state = new URL(link, stack.sandboxUrl).searchParams.get('state');

    await page.open(`/?login-page&state=${state}`);
    const update = 'updateExtensionAuthenticationRequest';
    assert.equal((await page.call(update, {})).error.code, 'InvalidConnection');
    const unknown = (await page.call(update, { connectionId: 'con_unknown' })).error;
    assert.deepEqual([unknown.code, unknown.status], ['RequestRefused', 400]);
    await page.leave(update, { connectionId: 'con_birch' });
    await page.pick('let in');
    await page.returnsTo('/?extension');
    await extension(page, stack);
    const claims = await authress.verifySignature((await page.call('login')).value.accessToken);
    assert.deepEqual([claims.client_id, claims.azp], [stack.extensionId, 'con_birch']);
  });

  story('takes no code that it has not asked for', async ({ shop, stack, authress }) => {
    const page = new BarePage(shop);
    await page.open('/?code=planted&state=planted');
    await authress.clearLog();
    await extension(page, stack);
    assert.equal((await page.call('requestToken')).error.code, 'InvalidAuthorizationCode');
    assert.deepEqual(await authress.requests(), []);
  });

  story('must say who it is', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const codes = await tab.evaluate(async () => {
      const { ExtensionClient } = await import('authress-login-wasm');
      return [
        ['', 'ext_a'],
        ['login.test', ''],
        ['login.test', undefined],
      ].map((settings) => {
        try {
          return new ExtensionClient(...settings) && null;
        } catch (error) {
          return error.code;
        }
      });
    });
    assert.deepEqual(codes, ['InvalidAuthressApiUrl', 'InvalidExtension', 'InvalidExtension']);
  });
});
