// The watchdog distinguishes a driver that hangs from a check that fails.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { AttemptTimeout, Watchdog } from '../e2e/support/watchdog.mjs';

/** @returns {Promise<never>} */
const never = () => new Promise(() => {});

describe('a command to the driver', () => {
  test('has the driver’s result', async () => {
    assert.equal(await new Watchdog().command('title', async () => 'shop'), 'shop');
  });

  test('that fails is no failure of the driver', async () => {
    const watchdog = new Watchdog();
    await assert.rejects(
      watchdog.command('click', async () => {
        throw new Error('no such element');
      }),
      /no such element/,
    );
    assert.equal(watchdog.failure, null);
  });

  test('without a result fails after its limit, and the browser is killed', async () => {
    const watchdog = new Watchdog({ commandMs: 20 });
    let kills = 0;
    watchdog.onFailure(() => {
      kills += 1;
    });
    await assert.rejects(
      watchdog.command('title', never),
      (error) => error instanceof DriverTimeout && /"title" for 20 ms/.test(error.message),
    );
    assert.ok(watchdog.failure instanceof DriverTimeout);
    assert.equal(kills, 1);
  });

  test('that the page delays is a failed check', async () => {
    const watchdog = new Watchdog({ commandMs: 20 });
    const explain = async () => new Error('the page does not end it');
    await assert.rejects(watchdog.command('evaluate', never, { explain }), /the page does not end it/);
    assert.equal(watchdog.failure, null);
  });

  test('ends as soon as the browser does, and no other starts', async () => {
    const watchdog = new Watchdog();
    const waiting = watchdog.command('title', never);
    watchdog.crashed('the browser has ended');
    await assert.rejects(waiting, BrowserCrash);
    let isStarted = false;
    await assert.rejects(
      watchdog.command('title', async () => {
        isStarted = true;
      }),
      BrowserCrash,
    );
    assert.equal(isStarted, false);
  });

  test('does not fail when the browser is being closed', () => {
    const watchdog = new Watchdog();
    watchdog.close();
    watchdog.crashed('the browser has ended');
    assert.equal(watchdog.failure, null);
  });

  test('of a browser that has failed already kills it at once', () => {
    const watchdog = new Watchdog();
    watchdog.crashed('the browser has ended');
    let isKilled = false;
    watchdog.onFailure(() => {
      isKilled = true;
    });
    assert.ok(isKilled);
  });
});

describe('an attempt', () => {
  test('ends with the first failure of the driver, even if it waits for something else', async () => {
    const watchdog = new Watchdog({ commandMs: 20 });
    const attempt = watchdog.attempt(async () => {
      watchdog.command('title', never).catch(() => {});
      await never();
    });
    await assert.rejects(attempt, DriverTimeout);
  });

  test('that never ends although the driver responds is a failed check', async () => {
    const watchdog = new Watchdog({ attemptMs: 20 });
    await assert.rejects(watchdog.attempt(never), AttemptTimeout);
    assert.equal(watchdog.failure, null);
  });
});
