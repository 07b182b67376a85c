// Retries of stories: which failures are retried, and which are counted.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { MAX_RETRIES } from '../e2e/support/limits.mjs';
import { Environment } from '../e2e/support/retries.mjs';
import { Watchdog } from '../e2e/support/watchdog.mjs';

/** @typedef {{ watchdog: Watchdog, number: number }} Resources */

/**
 * An environment without servers and browser that counts how often it was opened and closed.
 * @param {object} [options]
 * @param {() => Watchdog} [options.watchdog]
 * @param {(resources: Resources) => Promise<void>} [options.opening]
 */
function counted({ watchdog = () => new Watchdog(), opening = async () => {} } = {}) {
  const seen = { opened: 0, closed: 0, reports: /** @type {string[]} */ ([]) };
  /** @type {Environment<Resources>} */
  const environment = new Environment({
    open: async (resources) => {
      seen.opened += 1;
      resources.watchdog = watchdog();
      resources.number = seen.opened;
      await opening(resources);
    },
    close: async () => {
      seen.closed += 1;
    },
  });
  /**
   * @param {(resources: Resources) => Promise<unknown>} attempt
   * @param {(resources: Resources, isFailed: boolean) => Promise<void>} [cleanUp]
   */
  const run = (attempt, cleanUp) =>
    environment.run({ attempt, cleanUp }, (sentence) => {
      seen.reports.push(sentence);
    });
  return { seen, run };
}

describe('a story', () => {
  test('that passes runs once, and the next one has the same browser', async () => {
    const { seen, run } = counted();
    /** @type {number[]} */
    const numbers = [];
    for (let stories = 0; stories < 2; stories += 1)
      await run(async ({ number }) => {
        numbers.push(number);
      });
    assert.deepEqual([numbers, seen], [[1, 1], { opened: 1, closed: 0, reports: [] }]);
  });

  test('whose check fails is never retried', async () => {
    const { seen, run } = counted();
    let attempts = 0;
    await assert.rejects(
      run(async () => {
        attempts += 1;
        assert.equal(1, 2, 'one is two');
      }),
      /one is two/,
    );
    assert.deepEqual([attempts, seen.opened, seen.closed, seen.reports], [1, 1, 1, []]);
  });

  test('whose driver hangs is retried with a new browser and new servers', async () => {
    const { seen, run } = counted({ watchdog: () => new Watchdog({ commandMs: 20 }) });
    await run(async ({ watchdog, number }) => {
      if (number === 1) await watchdog.command('title', () => new Promise(() => {}));
    });
    assert.deepEqual([seen.opened, seen.closed], [2, 1]);
    assert.deepEqual(seen.reports, [
      'retried from the start: the driver has not responded to the command "title" for 20 ms',
    ]);
  });

  test('that turns a failure of the driver into one of its own is retried too', async () => {
    const { seen, run } = counted();
    await run(async ({ watchdog, number }) => {
      if (number > 1) return;
      watchdog.crashed('the browser has ended');
      throw new assert.AssertionError({ message: 'the shop does not show the cart' });
    });
    assert.equal(seen.opened, 2);
  });

  test('whose check fails before the driver does has failed', async () => {
    const { seen, run } = counted();
    const attempt = async () => assert.fail('the cart is empty');
    /** @type {(resources: Resources, isFailed: boolean) => Promise<void>} */
    const cleanUp = async ({ watchdog }, isFailed) => {
      assert.ok(isFailed);
      watchdog.fail(new DriverTimeout('the browser does not close'));
    };
    await assert.rejects(run(attempt, cleanUp), /the cart is empty/);
    assert.equal(seen.opened, 1);
  });

  test('that has passed has passed, and the next one has a new browser if this one does not close', async () => {
    const { seen, run } = counted();
    await run(
      async () => {},
      async ({ watchdog }) => {
        watchdog.fail(new DriverTimeout('the browser does not close'));
      },
    );
    assert.deepEqual(seen.reports, ['passed, and then: the browser does not close']);
    await run(async ({ number }) => assert.equal(number, 2));
    assert.deepEqual([seen.opened, seen.closed], [2, 1]);
  });

  test(`fails when its driver has failed ${MAX_RETRIES + 1} times`, async () => {
    const { seen, run } = counted();
    await assert.rejects(
      run(async ({ watchdog }) => {
        throw watchdog.crashed('the browser has ended');
      }),
      BrowserCrash,
    );
    assert.deepEqual([seen.opened, seen.closed, seen.reports.length], [MAX_RETRIES + 1, MAX_RETRIES + 1, MAX_RETRIES]);
  });

  test('is retried if the browser does not start', async () => {
    const { seen, run } = counted({
      opening: async ({ watchdog, number }) => {
        if (number === 1) throw watchdog.crashed('the browser does not start');
      },
    });
    await run(async ({ number }) => assert.equal(number, 2));
    assert.deepEqual([seen.opened, seen.closed], [2, 1]);
  });

  test('fails at once if the servers do not start', async () => {
    const { seen, run } = counted({
      opening: async () => {
        throw new Error('the servers did not start');
      },
    });
    await assert.rejects(
      run(async () => {}),
      /the servers did not start/,
    );
    assert.deepEqual([seen.opened, seen.closed], [1, 1]);
  });

  test('that never ends fails, and the next one has a new browser', async () => {
    const { seen, run } = counted({ watchdog: () => new Watchdog({ attemptMs: 200 }) });
    await assert.rejects(
      run(() => new Promise(() => {})),
      /has not ended after 200 ms/,
    );
    await assert.doesNotReject(run(async () => {}));
    assert.deepEqual([seen.opened, seen.closed], [2, 1]);
  });
});

test('a file of stories says how many ran and how many were retried', () => {
  const fixture = fileURLToPath(new URL('fixtures/stories.mjs', import.meta.url));
  // Not as a part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--test', '--test-reporter=spec', fixture];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  assert.equal(status, 1, 'one of them has failed');
  assert.match(stdout, /^stories in fake: 5 run, 2 retried$/m);
  assert.match(stdout, /^ℹ pass 2$/m);
  assert.match(stdout, /^ℹ fail 3$/m);
  assert.match(stdout, /retried from the start: the browser has ended/);
});
