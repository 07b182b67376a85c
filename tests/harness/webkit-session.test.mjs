// The driver of WebKit with a program in its place that hangs, ends, or loses its browser.

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
import { Watch } from '../e2e/support/watch.mjs';

const EXECUTE = 'POST /session/session/execute/sync';
/** What is to hang does so for this long. Everything else has minutes. */
const SHORT_MS = 200;

describe('the driver of WebKit', () => {
  let folder;
  let watch;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fake-driver-'));
    watch = new Watch();
    process.env.DISPLAY ??= ':0';
    process.env.WEBKIT_DRIVER = fileURLToPath(new URL('fixtures/webdriver.mjs', import.meta.url));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const start = async (behaviour) => {
    process.env.FAKE_DRIVER = JSON.stringify({ folder, ...behaviour });
    return await Session.start('127.0.0.1:1', watch);
  };
  const execute = (session) => session.in(session.current, (driver) => driver.executeScript('return 1'));
  /** Nothing of the driver is left, nor of what it has started. */
  const isGone = async () => {
    // Without a number the driver was killed before it could do anything.
    const group = existsSync(join(folder, 'pid')) && Number(readFileSync(join(folder, 'pid'), 'utf8'));
    while (group && running(group).length > 0) await setTimeout(20);
  };

  test('answers, and ends with its browser', async () => {
    const session = await start({});
    assert.equal(await execute(session), 'done');
    const group = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    assert.equal(running(group).length, 2);
    await session.close();
    await isGone();
    assert.equal(watch.failure, null);
    await assert.rejects(execute(session), /has been closed/);
    assert.equal(watch.failure, null, 'what a story still does afterwards is no failure');
  });

  test('that hangs in a command is killed with its browser', async () => {
    const session = await start({ hangsAt: EXECUTE });
    watch.commandMs = SHORT_MS;
    await assert.rejects(execute(session), DriverTimeout);
    await isGone();
    await assert.rejects(execute(session), DriverTimeout, 'at once');
    await session.close();
  });

  test('that hangs ends a wait of the story, which is no failed check', async () => {
    const session = await start({ hangsAt: EXECUTE });
    watch.commandMs = SHORT_MS;
    const page = new Page({ patience: 60_000 }, session, session.current, 1);
    await assert.rejects(
      page.waitForFunction(() => window.isThere),
      DriverTimeout,
    );
    await session.close();
  });

  for (const hangsAt of ['GET /status', 'POST /session']) {
    test(`that hangs at its start is killed (${hangsAt})`, async () => {
      watch.startMs = 3_000;
      await assert.rejects(start({ hangsAt }), DriverTimeout);
      await isGone();
    });
  }

  test('that hangs after its start is killed', async () => {
    watch.commandMs = SHORT_MS;
    await assert.rejects(start({ hangsAt: 'POST /session/session/timeouts' }), DriverTimeout);
    await isGone();
  });

  test('that ends by itself has crashed, and its browser ends too', async () => {
    const session = await start({ endsAt: EXECUTE });
    await assert.rejects(execute(session), BrowserCrash);
    assert.ok(watch.failure instanceof BrowserCrash);
    await isGone();
    await session.close();
  });

  test('that has lost its browser has crashed', async () => {
    const session = await start({ forgetsAt: EXECUTE });
    await assert.rejects(execute(session), /WebKit has ended by itself/);
    assert.ok(watch.failure instanceof BrowserCrash);
    await isGone();
    await session.close();
  });

  test('that refuses a command works', async () => {
    const session = await start({});
    await assert.rejects(
      session.in(session.current, (driver) => driver.getTitle()),
      /unknown command/,
    );
    assert.equal(watch.failure, null);
    await session.close();
  });

  test('whose browser finds its port taken is started again at once', async () => {
    const session = await start({ portTaken: 2 });
    assert.equal(await execute(session), 'done');
    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), '3');
    assert.equal(watch.failure, null);
    await session.close();
    await isGone();
  });

  test('whose start hangs is started again, which is no failure of a story', async () => {
    watch.startMs = 3_000;
    const session = await start({ hangingStarts: 2 });
    assert.equal(await execute(session), 'done');
    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), '3');
    assert.equal(watch.failure, null);
    await session.close();
    await isGone();
  });

  test('whose browser never gets a port has crashed', async () => {
    await assert.rejects(start({ portTaken: 100 }), /WebKit does not start: .*Failed to start remote inspector server/);
    assert.ok(watch.failure instanceof BrowserCrash);
    await isGone();
  });

  test('that is not there says so', async () => {
    process.env.WEBKIT_DRIVER = join(folder, 'no-driver');
    await assert.rejects(start({}), /WebKit does not start: .*ENOENT/);
  });
});
