// Errors on pages that freeze the prototypes of the language (SES lockdown, for example).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { LoginError, asLoginError } from '../../pkg/src/errors.js';

/**
 * Runs a script in a process of its own, since frozen prototypes stay frozen.
 * @param {string} script
 */
const run = (script) =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    cwd: new URL('../..', import.meta.url),
  });

test('an error is created although the prototypes of the language are frozen', () => {
  const written = run(`
    import { LoginError, asLoginError } from './pkg/src/errors.js';
    for (const { prototype } of [Object, Array, Function, Promise, Error, TypeError]) Object.freeze(prototype);
    const cause = new TypeError('own');
    const errors = [
      new LoginError('RequestTimeout'), new LoginError('RequestRefused', { status: 400, serverCode: 'x', cause, detail: 'More.' }), asLoginError(cause),
    ];
    console.log(JSON.stringify(errors.map(({ name, code, status, serverCode, message, cause: said }) =>
      [name, code, status, serverCode, message.split('. ').pop(), said === cause])));
  `);
  assert.deepEqual(JSON.parse(written), [
    [
      'LoginError',
      'RequestTimeout',
      null,
      null,
      'Try again, or allow more time with timeoutInMillis; nothing was lost.',
      false,
    ],
    ['LoginError', 'RequestRefused', 400, 'x', 'More.', true],
    ['LoginError', 'InternalError', null, null, 'Please report it.', true],
  ]);
});

test('what the module throws becomes the error of its code', () => {
  const cause = new TypeError('own');
  const error = asLoginError({ code: 'RequestRefused', detail: 'More.', status: 409, serverCode: 'Owned', cause });
  assert.ok(error instanceof LoginError);
  const { code, status, serverCode, message } = /** @type {any} */ (error);
  assert.deepEqual([code, status, serverCode, error.cause], ['RequestRefused', 409, 'Owned', cause]);
  assert.match(message, / More\.$/);
  assert.equal(asLoginError(error), error);
});

test('whatever else is thrown is the cause of an InternalError', () => {
  const own = Object.assign(new Error('own'), { code: 'NotLoggedIn' });
  for (const thrown of [
    own,
    new DOMException('x', 'AbortError'),
    { code: 'constructor' },
    { code: '__proto__' },
    {},
    'x',
    null,
  ]) {
    const { code, cause } = asLoginError(thrown);
    assert.deepEqual([code, cause], ['InternalError', thrown]);
  }
  assert.equal(asLoginError(undefined).code, 'InternalError');
});
