// Extensions: third-party applications that log in to a platform by OAuth.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { INVALID_INPUT_STATUS } from './support/outcomes.mjs';
import { stories } from './support/story.mjs';

describe('an extension', () => {
  const story = stories('localhost');

  /**
   * Makes `window.login` the extension's client.
   * @param {BarePage} page
   * @param {import('./support/stack.mjs').Stack} stack
   */
  async function extension(page, stack) {
    await page.page.evaluate(
      async ([url, id]) => {
        const { ExtensionClient } = await import('authress-login-wasm');
        Object.assign(window, { login: new ExtensionClient(url, id) });
      },
      [stack.sandboxUrl, stack.extensionId],
    );
  }

  story('logs in, and has its own token as long as the page lasts', async ({ shop, stack, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?mine=1');
    await extension(page, stack);
    assert.equal((await page.call('getTokenResponse')).value, null);
    assert.equal((await page.call('requestToken')).error.code, 'InvalidAuthorizationCode');
    assert.equal((await page.call('requestToken', { silent: true })).value, null);

    await page.leave('login', '/?extension');
    await tab.waitForURL((url) => url.origin === stack.sandboxUrl);
    const query = new URL(await tab.url()).searchParams;
    assert.equal(query.get('code_challenge_method'), 'S256');
    assert.equal(query.get('code_challenge')?.length, 43);
    assert.match(query.get('state') ?? '', /^.{20,}$/);
    await tab.getByRole('link', { name: /Acorn/ }).click();
    await page.pick('extension person');
    await page.hasReturnedTo('/?extension');
    await extension(page, stack);
    const { accessToken } = (await page.call('login')).value;
    const claims = await authress.verifySignature(accessToken);
    assert.equal(claims.client_id, stack.extensionId);
    assert.equal((await page.call('getUserIdentity')).value.userId, claims.sub);
    assert.equal(
      new URL(await tab.url()).search,
      '?extension',
      'code and state are removed, the page’s own parameters stay',
    );
    assert.equal(await tab.evaluate(() => localStorage.getItem('ExtensionRequestNonce')), null);

    await page.open('/?mine=1');
    await extension(page, stack);
    assert.equal((await page.call('getTokenResponse')).value, null);
  });

  story('logs in through the platform’s own login page', async ({ shop, stack, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?mine=1');
    await extension(page, stack);
    await page.leave('login', '/?extension');
    await tab.waitForURL((url) => url.origin === stack.sandboxUrl);
    const link = await tab.getByRole('link', { name: /Acorn/ }).getAttribute('href');
    const state = new URL(link ?? '', stack.sandboxUrl).searchParams.get('state');

    await page.open(`/?login-page&state=${state}`);
    const update = 'updateExtensionAuthenticationRequest';
    assert.equal((await page.call(update, {})).error.code, 'InvalidConnection');
    const unknown = (await page.call(update, { connectionId: 'con_unknown' })).error;
    assert.deepEqual([unknown.code, unknown.status], ['RequestRefused', INVALID_INPUT_STATUS]);
    await page.leave(update, { connectionId: 'con_birch' });
    await page.pick('extension user');
    await page.hasReturnedTo('/?extension');
    await extension(page, stack);
    const claims = await authress.verifySignature((await page.call('login')).value.accessToken);
    assert.deepEqual([claims.client_id, claims.azp], [stack.extensionId, 'con_birch']);
  });

  story('ignores a code that it has not requested', async ({ shop, stack, authress }) => {
    const page = new BarePage(shop);
    await page.open('/?code=planted&state=planted');
    await authress.clearLog();
    await extension(page, stack);
    assert.equal((await page.call('requestToken')).error.code, 'InvalidAuthorizationCode');
    assert.deepEqual(await authress.requests(), []);
  });

  story('needs a host and an id', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const codes = await tab.evaluate(async () => {
      const { ExtensionClient } = await import('authress-login-wasm');
      /** @type {[string, any][]} */
      const arguments_ = [
        ['', 'ext_a'],
        ['login.test', ''],
        ['login.test', undefined],
      ];
      return arguments_.map((settings) => {
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
