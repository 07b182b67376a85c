// How pkg/src/settings.js reads settings, by the vectors that the core's tests use too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { LoginError } from '../../pkg/src/errors.js';
import { checkedHost, checkedSettings, leavesPage } from '../../pkg/src/settings.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/settings.json', import.meta.url), 'utf8'));
const HOST = 'https://login.shop.test';

/**
 * The result, or the code of the error.
 * @param {() => unknown} work
 */
function outcome(work) {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof LoginError, String(error));
    return error.code;
  }
}

describe('settings', () => {
  test('the host is normalised or rejected as in the core', () => {
    for (const [given, expected] of vectors.hosts) {
      assert.equal(
        outcome(() => checkedHost(given)),
        expected ?? 'InvalidAuthressApiUrl',
        given,
      );
      // What the script hands to the module must not be changed again there.
      if (expected) assert.equal(checkedHost(expected), expected);
    }
  });

  test('an application id is trimmed or rejected as in the core', () => {
    for (const [applicationId, expected] of vectors.applications) {
      const read = () => checkedSettings({ authressApiUrl: HOST, applicationId })[1];
      assert.equal(outcome(read), expected ?? 'InvalidApplication', applicationId);
    }
  });

  test('the service client for anonymous user ids is one, or absent', () => {
    /** @param {object} more */
    const read = (more) => outcome(() => checkedSettings({ authressApiUrl: HOST, ...more })[6]);
    assert.deepEqual([read({}), read({ anonymousConnectionId: ' sc_a ' })], [undefined, 'sc_a']);
    for (const anonymousConnectionId of [undefined, null, '', 'con_a', 5, ['sc_a']]) {
      assert.equal(read({ anonymousConnectionId }), 'InvalidInput', String(anonymousConnectionId));
    }
  });

  test('where a login in the background ends is text, or absent', () => {
    /** @param {unknown} backgroundRedirectUrl */
    const read = (backgroundRedirectUrl) =>
      outcome(() => checkedSettings({ authressApiUrl: HOST, backgroundRedirectUrl })[7]);
    assert.deepEqual([read(undefined), read(null), read('/in.txt')], [undefined, undefined, '/in.txt']);
    for (const url of ['', 5, {}, ['/in.txt']]) assert.equal(read(url), 'InvalidInput', String(url));
  });

  test('the mode of signInAnonymously is one of two', () => {
    assert.deepEqual([{}, { mode: 'auto' }, { mode: 'redirect' }].map(leavesPage), [false, false, true]);
    for (const mode of [null, '', 'background', 1]) {
      assert.equal(
        outcome(() => leavesPage({ mode })),
        'InvalidInput',
        String(mode),
      );
    }
  });

  test('only an absent application id means the default', () => {
    /** @param {object} more */
    const read = (more) => outcome(() => checkedSettings({ authressApiUrl: HOST, ...more })[1]);
    assert.equal(read({}), 'app_default');
    for (const applicationId of [undefined, null, 5, {}, ['app_a'], Symbol('app_a')]) {
      assert.equal(read({ applicationId }), 'InvalidApplication', String(applicationId));
    }
    assert.equal(
      outcome(() => checkedSettings(Object.create({ authressApiUrl: HOST, applicationId: 'app_a' }))[1]),
      'app_a',
    );
  });

  test('preload is idle, eager or none, and idle by default', () => {
    /** @param {unknown} preload */
    const read = (preload) => outcome(() => checkedSettings({ authressApiUrl: HOST, preload })[5]);
    for (const preload of ['idle', 'eager', 'none']) assert.equal(read(preload), preload);
    for (const absent of [undefined, null]) assert.equal(read(absent), 'idle');
    for (const wrong of ['', 'lazy', 'Idle', true, false, 0, ['idle']])
      assert.equal(read(wrong), 'InvalidInput', String(wrong));
  });

  test('token origins are read as in the core', () => {
    /** @param {unknown} tokenOrigins */
    const read = (tokenOrigins) => outcome(() => checkedSettings({ authressApiUrl: HOST, tokenOrigins })[2]);
    for (const [given, expected] of vectors.tokenOrigins)
      assert.equal(read(given), expected ?? 'InvalidInput', String(given));
    for (const nothing of [undefined, null]) assert.equal(read(nothing), '');
    for (const wrong of [
      5,
      {},
      [5],
      [null],
      [Symbol('x')],
      [
        {
          toString() {
            throw new Error('own');
          },
        },
      ],
    ])
      assert.equal(read(wrong), 'InvalidInput');
  });

  test('values that are no settings are rejected, and so is a getter that throws', () => {
    for (const missing of [undefined, null, {}])
      assert.equal(
        outcome(() => checkedSettings(missing)),
        'InvalidAuthressApiUrl',
      );
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const wrong of ['login.shop.test', 5, [], () => {}, new Map(), new URL(HOST), Symbol('x'), revoked]) {
      assert.equal(
        outcome(() => checkedSettings(wrong)),
        'InvalidInput',
      );
    }
    const cause = new Error('own');
    for (const name of [
      'authressApiUrl',
      'applicationId',
      'tokenOrigins',
      'retainUserCookie',
      'skipBackgroundCredentialsCheck',
    ]) {
      const settings = {
        authressApiUrl: HOST,
        get [name]() {
          throw cause;
        },
      };
      assert.throws(
        () => checkedSettings(settings),
        (/** @type {any} */ error) => error.code === 'InvalidInput' && error.cause === cause,
        name,
      );
    }
  });
});
