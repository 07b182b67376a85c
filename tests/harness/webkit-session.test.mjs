// Sessions of WebKit's driver, with a fake driver that hangs, ends, or loses its browser.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { Page } from '../e2e/support/engines/webkit/page.mjs';
import { Session } from '../e2e/support/engines/webkit/session.mjs';
import { running } from '../e2e/support/process-group.mjs';
import { Watchdog } from '../e2e/support/watchdog.mjs';

const EXECUTE = 'POST /session/session/execute/sync';
/** The limit of commands that hang. All others have minutes. */
const SHORT_MS = 200;

describe('the driver of WebKit', () => {
  /** @type {string} */
  let folder;
  /** @type {Watchdog} */
  let watchdog;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fake-driver-'));
    watchdog = new Watchdog();
    process.env.DISPLAY ??= ':0';
    process.env.WEBKIT_DRIVER = fileURLToPath(new URL('fixtures/webdriver.mjs', import.meta.url));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** @param {import('./fixtures/webdriver.mjs').Behaviour} behaviour */
  const start = async (behaviour) => {
    process.env.FAKE_DRIVER = JSON.stringify({ folder, ...behaviour });
    return await Session.start('127.0.0.1:1', watchdog);
  };
  /** @type {(session: Session) => Promise<unknown>} */
  const execute = (session) => session.in(session.current, (driver) => driver.executeScript('return 1'));
  /** Waits until the driver and its browser have ended. */
  const hasEnded = async () => {
    // Without a process id the driver was killed before it could do anything.
    const group = existsSync(join(folder, 'pid')) && Number(readFileSync(join(folder, 'pid'), 'utf8'));
    while (group && running(group).length > 0) await setTimeout(20);
  };

  test('runs commands, and ends with its browser', async () => {
    const session = await start({});
    assert.equal(await execute(session), 'done');
    const group = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    assert.equal(running(group).length, 2);
    await session.close();
    await hasEnded();
    assert.equal(watchdog.failure, null);
    await assert.rejects(execute(session), /has been closed/);
    assert.equal(watchdog.failure, null, 'a later command is no failure');
  });

  test('that hangs in a command is killed with its browser', async () => {
    const session = await start({ hangsAt: EXECUTE });
    watchdog.commandMs = SHORT_MS;
    await assert.rejects(execute(session), DriverTimeout);
    await hasEnded();
    await assert.rejects(execute(session), DriverTimeout, 'at once');
    await session.close();
  });

  test('that hangs while a story waits ends the wait, which is no failed check', async () => {
    const session = await start({ hangsAt: EXECUTE });
    watchdog.commandMs = SHORT_MS;
    const page = new Page(/** @type {any} */ ({ patience: 60_000 }), session, session.current, 1);
    await assert.rejects(
      page.waitForFunction(() => window.isThere),
      DriverTimeout,
    );
    await session.close();
  });

  for (const hangsAt of ['GET /status', 'POST /session']) {
    test(`that hangs at its start is killed (${hangsAt})`, async () => {
      watchdog.startMs = 3_000;
      await assert.rejects(start({ hangsAt }), DriverTimeout);
      await hasEnded();
    });
  }

  test('that hangs after its start is killed', async () => {
    watchdog.commandMs = SHORT_MS;
    await assert.rejects(start({ hangsAt: 'POST /session/session/timeouts' }), DriverTimeout);
    await hasEnded();
  });

  test('that ends by itself is reported as a crash, and its browser ends too', async () => {
    const session = await start({ endsAt: EXECUTE });
    await assert.rejects(execute(session), BrowserCrash);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
    await session.close();
  });

  test('that has lost its browser is reported as a crash', async () => {
    const session = await start({ forgetsAt: EXECUTE });
    await assert.rejects(execute(session), /WebKit has ended by itself/);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
    await session.close();
  });

  test('that rejects a command is no failure of the driver', async () => {
    const session = await start({});
    await assert.rejects(
      session.in(session.current, (driver) => driver.getTitle()),
      /unknown command/,
    );
    assert.equal(watchdog.failure, null);
    await session.close();
  });

  test('whose browser finds its port taken is started again at once', async () => {
    const session = await start({ portTaken: 2 });
    assert.equal(await execute(session), 'done');
    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), '3');
    assert.equal(watchdog.failure, null);
    await session.close();
    await hasEnded();
  });

  test('whose start hangs is started again, which is no failure of a story', async () => {
    watchdog.startMs = 3_000;
    const session = await start({ hangingStarts: 2 });
    assert.equal(await execute(session), 'done');
    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), '3');
    assert.equal(watchdog.failure, null);
    await session.close();
    await hasEnded();
  });

  test('whose browser never gets a port is reported as a crash', async () => {
    await assert.rejects(start({ portTaken: 100 }), /WebKit does not start: .*Failed to start remote inspector server/);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
  });

  test('that is not installed is reported', async () => {
    process.env.WEBKIT_DRIVER = join(folder, 'no-driver');
    await assert.rejects(start({}), /WebKit does not start: .*ENOENT/);
  });
});
