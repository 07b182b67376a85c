// A driver that hangs and a check that fails are never confused.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { AttemptTimeout, Watch } from '../e2e/support/watch.mjs';

const never = () => new Promise(() => {});

describe('a command to the driver', () => {
  test('gives what the driver answers', async () => {
    assert.equal(await new Watch().command('title', async () => 'shop'), 'shop');
  });

  test('that fails is no failure of the driver', async () => {
    const watch = new Watch();
    await assert.rejects(
      watch.command('click', async () => {
        throw new Error('no such element');
      }),
      /no such element/,
    );
    assert.equal(watch.failure, null);
  });

  test('without an answer fails after its limit, and the browser is killed', async () => {
    const watch = new Watch({ commandMs: 20 });
    let kills = 0;
    watch.onFailure(() => {
      kills += 1;
    });
    await assert.rejects(
      watch.command('title', never),
      (error) => error instanceof DriverTimeout && /"title" for 20 ms/.test(error.message),
    );
    assert.ok(watch.failure instanceof DriverTimeout);
    assert.equal(kills, 1);
  });

  test('that is late for a reason of the page is a failed check', async () => {
    const watch = new Watch({ commandMs: 20 });
    const explain = async () => new Error('the page does not end it');
    await assert.rejects(watch.command('evaluate', never, { explain }), /the page does not end it/);
    assert.equal(watch.failure, null);
  });

  test('ends as soon as the browser does, and no other begins', async () => {
    const watch = new Watch();
    const waiting = watch.command('title', never);
    watch.crashed('the browser has ended');
    await assert.rejects(waiting, BrowserCrash);
    let isBegun = false;
    await assert.rejects(
      watch.command('title', async () => {
        isBegun = true;
      }),
      BrowserCrash,
    );
    assert.equal(isBegun, false);
  });

  test('leaves the end of a browser that is being closed alone', () => {
    const watch = new Watch();
    watch.close();
    watch.crashed('the browser has ended');
    assert.equal(watch.failure, null);
  });

  test('that is added to a browser which has failed already is ended too', () => {
    const watch = new Watch();
    watch.crashed('the browser has ended');
    let isKilled = false;
    watch.onFailure(() => {
      isKilled = true;
    });
    assert.ok(isKilled);
  });
});

describe('an attempt', () => {
  test('ends with the first failure of the driver, whatever it waits for itself', async () => {
    const watch = new Watch({ commandMs: 20 });
    const attempt = watch.attempt(async () => {
      watch.command('title', never).catch(() => {});
      await never();
    });
    await assert.rejects(attempt, DriverTimeout);
  });

  test('that never ends although the driver answers is a failed check', async () => {
    const watch = new Watch({ attemptMs: 20 });
    await assert.rejects(watch.attempt(never), AttemptTimeout);
    assert.equal(watch.failure, null);
  });
});
