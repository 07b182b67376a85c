// Errors on pages that have hardened the language (SES lockdown and the like).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Runs a script in a process of its own, since what is frozen stays so. */
const run = (script) =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    cwd: new URL('../..', import.meta.url),
  });

test('an error is made where the prototypes of the language are frozen', () => {
  const written = run(`
    import { LoginError, asLoginError } from './pkg/errors.js';
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
