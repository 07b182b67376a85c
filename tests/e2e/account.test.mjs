// The account: profile, linked identities, devices and settings of a signed-in shopper.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe } from 'node:test';

import { BarePage } from './support/bare-page.mjs';
import { INVALID_INPUT_STATUS, WRONG_CODE } from './support/outcomes.mjs';
import { addSecurityKey } from './support/security-key.mjs';
import { eachOf } from './support/stack.mjs';
import { stories } from './support/story.mjs';

/** @import { Device, UserProfile } from 'authress-login-wasm' */

/**
 * A six-digit one-time password (RFC 6238) for a base32 secret.
 * @param {string} secret
 */
function totp(secret, atMs = Date.now()) {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE(Number(digest.at(-1)) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

for (const topology of eachOf(['localhost', 'https'])) {
  describe(`a customer’s account, ${topology}`, () => {
    const story = stories(topology);

    story('needs a session', async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      /** @type {[method: string, ...values: unknown[]][]} */
      const calls = [
        ['getUserProfile'],
        ['unlinkIdentity', 'con_acorn'],
        ['deleteDevice', 'd'],
        ['openUserConfigurationScreen'],
        ['registerDevice', { type: 'TOTP', totp: { verificationCode: '1' } }],
      ];
      for (const call of calls) {
        assert.equal((await page.call(...call)).error?.code, 'NotLoggedIn', call[0]);
      }
      assert.deepEqual((await page.call('getDevices')).value, []);
      assert.equal((await page.call('getConnectionCredentials')).value, null);
      assert.equal((await page.call('unlinkIdentity', '')).error.code, 'InvalidConnection');
      const screen = await page.call('openUserConfigurationScreen', { startPage: 'Moon' });
      assert.equal(screen.error.code, 'InvalidInput');
    });

    story('shows the profile, and an identity that is linked and unlinked', async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(`profile ${topology}`));
      await page.visitProvider('linkIdentity', 'con_birch', () => page.pick(`second ${topology}`));
      assert.equal((await page.call('getLinkResult')).value.status, 'linked');
      const connections = async () => {
        /** @type {UserProfile} */
        const { linkedIdentities } = (await page.call('getUserProfile')).value;
        return (linkedIdentities ?? [])
          .map(({ connection }) => connection.connectionId)
          .filter((id) => id.startsWith('con_'))
          .sort();
      };
      assert.deepEqual(await connections(), ['con_acorn', 'con_birch']);
      assert.deepEqual(await page.call('unlinkIdentity', 'con_birch'), { value: undefined });
      assert.deepEqual(await connections(), ['con_acorn']);
      const { error } = await page.call('unlinkIdentity', 'con_acorn');
      assert.deepEqual([error.code, error.serverCode, error.status], ['RequestRefused', 'LastIdentity', 409]);
    });

    story('has the provider’s credentials, and a second factor by one-time passwords', async ({ shop }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      assert.equal((await page.call('getConnectionCredentials')).value, null, 'no provider, no credentials');
      await page.visitProvider('linkIdentity', 'con_acorn', () => page.pick(`devices ${topology}`));
      assert.ok((await page.call('getConnectionCredentials')).value.accessToken);

      const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
      /** @param {string} verificationCode */
      const register = (verificationCode) =>
        page.call('registerDevice', { name: 'Phone', type: 'TOTP', totp: { secret, verificationCode } });
      const wrong = (await register('000000')).error;
      const { code, status, serverCode } = wrong;
      assert.deepEqual([code, status, serverCode], ['RequestRefused', INVALID_INPUT_STATUS, WRONG_CODE]);
      const device = (await register(totp(secret))).value;
      /** @type {Device[]} */
      const devices = (await page.call('getDevices')).value;
      assert.deepEqual(
        devices.map(({ deviceId, name, type }) => [deviceId, name, type]),
        [[device.deviceId, 'Phone', 'TOTP']],
      );
      await page.call('deleteDevice', device.deviceId);
      assert.deepEqual((await page.call('getDevices')).value, []);
      assert.equal((await page.call('registerDevice', { type: 'Moon' })).error.code, 'InvalidInput');
    });

    story('is changed on Authress’s settings page, which returns to the shop', async ({ shop, stack, page: tab }) => {
      const page = new BarePage(shop);
      await page.open();
      await page.startAnonymous();
      await page.leave('openUserConfigurationScreen', { startPage: 'MFA', redirectUrl: '/?settled' });
      await tab.waitForURL((url) => url.origin === stack.sandboxUrl && url.pathname === '/settings');
      const query = new URL(await tab.url()).searchParams;
      assert.deepEqual([query.get('client_id'), query.get('start_page')], [stack.applicationId, 'MFA']);
      await shop.press('back-to-application');
      await page.hasReturnedTo('/?settled');
      assert.equal((await page.call('userSessionExists')).value, true);
    });

    story(
      'is signed in to by one-time code, when the application opens the URL',
      async ({ shop, stack, page: tab }) => {
        const page = new BarePage(shop);
        await page.open();
        assert.equal((await page.call('authenticateWithOneTimeCode', {})).error.code, 'InvalidInput');
        const options = { serviceClientId: stack.shopperConnectionId, redirectUrl: '/?by-code' };
        const { value } = await page.call('authenticateWithOneTimeCode', options);
        assert.ok(value.authenticationRequestId);
        await tab.goto(value.authenticationUrl, { referer: stack.shopUrl });
        await page.hasReturnedTo('/?by-code');
        assert.equal((await page.call('userSessionExists')).value, true);

        const sub = (await page.call('getUserIdentity')).value.sub;
        const link = await page.call('linkIdentityWithOneTimeCode', {
          connectionId: 'con_acorn',
          redirectUrl: '/?linked',
        });
        await tab.goto(link.value.authenticationUrl, { referer: stack.shopUrl });
        await page.pick(`by code ${topology}`);
        await page.hasReturnedTo('/?linked');
        assert.equal((await page.call('getLinkResult')).value.status, 'linked');
        assert.equal((await page.call('getUserIdentity')).value.sub, sub);
      },
    );

    story(
      'is signed in to in another tab, or by a redirect that the application manages',
      async ({ shop, stack, context }) => {
        const page = new BarePage(shop);
        await page.open();
        const options = { connectionId: stack.shopperConnectionId, redirectUrl: '/?elsewhere' };
        const wrong = await page.call('authenticate', { ...options, redirectOpenType: 'window' });
        assert.equal(wrong.error.code, 'InvalidRedirectOpenType');
        const managed = await page.call('authenticate', { ...options, redirectOpenType: 'client-managed' });
        assert.equal(
          new URL(managed.value.authenticationUrl).searchParams.get('state'),
          managed.value.authenticationRequestId,
        );

        const opened = context.waitForEvent('page');
        const inTab = await page.call('authenticate', { ...options, redirectOpenType: 'tab' });
        assert.ok(inTab.value.authenticationRequestId);
        const tab = await opened;
        await tab.waitForURL((url) => url.origin === stack.shopUrl);
        assert.equal(await tab.evaluate(() => window.opener), null, 'the tab has no access to this page');
        // The other tab's session is this one's too.
        await tab.waitForFunction(() => localStorage.getItem('AuthenticationCredentialsStorage'));
        assert.equal((await page.call('userSessionExists')).value, true);
      },
    );
  });
}

describe('how the page is left for a login or a link', () => {
  const story = stories('localhost');
  const METHODS = /** @type {const} */ (['authenticate', 'linkIdentity']);
  const options = { connectionId: 'con_acorn', redirectUrl: '/?elsewhere' };

  /**
   * Replaces `window.open` by one that returns another value.
   * @param {BarePage} page
   * @param {'null' | 'undefined' | 'object' | 'closed' | 'unknown' | 'open'} opened
   */
  const openReturns = async (page, opened) => {
    await page.page.evaluate((opened) => {
      const closed = { closed: true, unknown: undefined, open: false };
      /** @type {any} */
      let value = opened === 'null' ? null : undefined;
      if (opened === 'object') value = {};
      if (opened in closed) value = { closed: closed[/** @type {keyof typeof closed} */ (opened)] };
      window.open = () => value;
    }, opened);
  };

  story('client-managed: the page stays, and the response is complete', async ({ shop, authress, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const before = await tab.url();
    for (const method of METHODS) {
      await authress.clearLog();
      const { value } = await page.call(method, { ...options, redirectOpenType: 'client-managed' });
      const url = new URL(value.authenticationUrl);
      assert.deepEqual(Object.keys(value).sort(), ['authenticationRequestId', 'authenticationUrl'], method);
      assert.equal(url.searchParams.get('state'), value.authenticationRequestId, method);
      assert.equal(await tab.url(), before, method);
      assert.deepEqual(await authress.requests(), ['POST /api/authentication'], method);
    }
  });

  story('tab: the page stays, and the response is complete', async ({ shop, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    const before = await tab.url();
    for (const method of METHODS) {
      const opened = context.waitForEvent('page');
      const { value } = await page.call(method, { ...options, redirectOpenType: 'tab' });
      const other = await opened;
      await other.waitForURL(`${shop.stack.sandboxUrl}/sandbox/provider/con_acorn?**`);
      assert.deepEqual(Object.keys(value).sort(), ['authenticationRequestId', 'authenticationUrl'], method);
      assert.equal(await tab.url(), before, method);
      await other.close();
    }
  });

  story('redirect, null or nothing: the page is left', async ({ shop }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    for (const method of METHODS) {
      for (const redirectOpenType of ['redirect', null, undefined]) {
        await page.call('getToken');
        await page.leave(method, { ...options, redirectOpenType });
        await shop.isAtProvider('con_acorn');
        await page.page.goto(shop.stack.shopUrl);
        await page.isReady();
      }
    }
  });

  story('another value is an error, and nothing is sent', async ({ shop, authress }) => {
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    await page.call('getToken');
    await authress.clearLog();
    for (const method of METHODS) {
      for (const redirectOpenType of ['other', '', 'Redirect', 1, true, {}]) {
        const { error } = await page.call(method, { ...options, redirectOpenType });
        assert.equal(error?.code, 'InvalidRedirectOpenType', `${method} ${redirectOpenType}`);
      }
    }
    assert.deepEqual(await authress.requests(), []);
  });

  story('redirectOpenType counts before openType', async ({ shop, context, page: tab }) => {
    const page = new BarePage(shop);
    await page.open();
    const before = await tab.url();
    const opened = context.waitForEvent('page');
    await page.call('authenticate', { ...options, redirectOpenType: 'tab', openType: 'redirect' });
    await (await opened).close();
    assert.equal(await tab.url(), before);
    await page.leave('authenticate', { ...options, redirectOpenType: 'redirect', openType: 'tab' });
    await shop.isAtProvider('con_acorn');
    assert.equal(context.pages().length, 1);
  });

  story('a tab that the browser did not open is a redirect', async ({ shop }) => {
    const page = new BarePage(shop);
    for (const opened of /** @type {const} */ (['null', 'undefined', 'object', 'closed', 'unknown'])) {
      await page.open();
      await openReturns(page, opened);
      await page.leave('authenticate', { ...options, redirectOpenType: 'tab' });
      await shop.isAtProvider('con_acorn');
    }
  });

  story('a tab that is not closed is open', async ({ shop, page: tab }) => {
    const page = new BarePage(shop);
    await page.open('/?stays');
    await openReturns(page, 'open');
    const { value } = await page.call('authenticate', { ...options, redirectOpenType: 'tab' });
    assert.ok(value.authenticationUrl);
    assert.equal(new URL(await tab.url()).search, '?stays');
  });
});

describe('a security key', () => {
  const story = stories('https');

  story('is registered', { needs: ['devtools'] }, async ({ shop, page: tab, context }) => {
    await addSecurityKey(context, tab);
    const page = new BarePage(shop);
    await page.open();
    await page.startAnonymous();
    const { value, error } = await page.call('registerDevice', { name: 'Key' });
    assert.equal(error, undefined);
    assert.ok(value.deviceId);
    /** @type {Device[]} */
    const devices = (await page.call('getDevices')).value;
    assert.deepEqual(
      devices.map(({ name, type }) => [name, type]),
      [['Key', 'WebAuthN']],
    );
  });
});
