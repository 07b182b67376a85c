// Limits of a call: signals and deadlines, also of older browsers and of callers without types.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LoginError } from '../../pkg/src/errors.js';
import { abortReason, checkedLimits } from '../../pkg/src/settings.js';

const DEADLINE_MS = 1_000;
/**
 * The deadline that is read from the limits, or the code of the error.
 * @param {any} limits
 */
const deadlineOf = (limits) => {
  try {
    return checkedLimits(limits, DEADLINE_MS).timeoutInMillis;
  } catch (error) {
    assert.ok(error instanceof LoginError, String(error));
    return error.code;
  }
};

describe('a deadline', () => {
  test('is the default where it is left out, null or undefined', () => {
    for (const limits of [undefined, null, {}, { timeoutInMillis: null }, { timeoutInMillis: undefined }])
      assert.equal(deadlineOf(limits), DEADLINE_MS);
  });

  test('is any number, and nothing else', () => {
    for (const timeoutInMillis of [0, -1, 5, Infinity, -Infinity])
      assert.equal(deadlineOf({ timeoutInMillis }), timeoutInMillis);
    for (const timeoutInMillis of ['', '5', false, true, NaN, 5n, {}, [], Symbol('5')])
      assert.equal(deadlineOf({ timeoutInMillis }), 'InvalidInput');
  });
});

describe('a signal', () => {
  test('may be left out, and is nothing else than a signal', () => {
    for (const signal of [undefined, null, new AbortController().signal])
      assert.equal(deadlineOf({ signal }), DEADLINE_MS);
    for (const signal of [new AbortController(), 'x', '', 0, false, {}, () => {}]) {
      assert.equal(deadlineOf({ signal }), 'InvalidInput');
    }
  });

  test('that is aborted already throws its reason', () => {
    const reason = new Error('enough');
    assert.throws(
      () => checkedLimits({ signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    assert.throws(() => checkedLimits({ signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  test('of a browser without reasons rejects with an AbortError', () => {
    /** @type {any} */
    const older = Object.assign(new EventTarget(), { aborted: true });
    assert.throws(
      () => checkedLimits({ signal: older }),
      (error) => error instanceof DOMException && error.name === 'AbortError',
    );
    assert.equal(abortReason(older).name, 'AbortError');
  });
});

describe('the object of options', () => {
  test('has members by name, whatever its prototype', () => {
    class Limits {
      get timeoutInMillis() {
        return 5;
      }
    }
    const bare = Object.assign(Object.create(null), { timeoutInMillis: 5 });
    for (const limits of [
      { timeoutInMillis: 5 },
      Object.freeze({ timeoutInMillis: 5 }),
      bare,
      new Limits(),
      new Proxy({ timeoutInMillis: 5 }, {}),
    ]) {
      assert.equal(deadlineOf(limits), 5);
    }
  });

  test('is no list, string, number, function, map or event', () => {
    for (const limits of [
      '',
      'sc_shop',
      0,
      42,
      true,
      false,
      5n,
      Symbol('x'),
      ['x'],
      () => {},
      new Map(),
      new Date(),
      new String('x'),
      new Event('click'),
    ]) {
      assert.equal(deadlineOf(limits), 'InvalidInput');
    }
  });

  test('whose getter throws is refused with that as the cause', () => {
    const cause = new Error('own');
    const fail = () => {
      throw cause;
    };
    for (const limits of [
      {
        get signal() {
          return fail();
        },
      },
      {
        get timeoutInMillis() {
          return fail();
        },
      },
      new Proxy({}, { get: fail }),
    ]) {
      assert.throws(
        () => checkedLimits(limits),
        (/** @type {any} */ error) => error.code === 'InvalidInput' && error.cause === cause,
      );
    }
  });
});
