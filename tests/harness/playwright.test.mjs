// A page that hangs Chromium, and one that only never does what is waited for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { launch } from '../e2e/support/engines/chromium.mjs';
import { ownGroups, running } from '../e2e/support/process-group.mjs';
import { Watch } from '../e2e/support/watch.mjs';

/** How long a check waits that is to fail, and a browser that is to hang. */
const SHORT_MS = 500;

describe('Chromium', () => {
  let watch;
  let browser;
  let page;
  let group;
  beforeEach(async () => {
    watch = new Watch();
    const before = ownGroups();
    browser = await launch({ browserArgs: [] }, { watch });
    group = ownGroups()
      .filter((it) => !before.includes(it))
      .find((it) => running(it).length > 1);
    page = await (await browser.newContext()).newPage();
  });
  afterEach(() => browser.close());

  const isGone = async () => {
    while (running(group).length > 0) await setTimeout(20);
  };
  /** The page runs a script that never ends. */
  const hang = async () => {
    const reached = new Promise((resolve) => {
      page.once('console', resolve);
    });
    page
      .evaluate(() => {
        console.log('here');
        while (true);
      })
      .catch(() => {});
    await reached;
    watch.commandMs = SHORT_MS;
  };

  test('ends with all its processes when it is closed', async () => {
    assert.ok(running(group).length > 1);
    await browser.close();
    await isGone();
    assert.equal(watch.failure, null);
  });

  test('that shows what is not expected works', async () => {
    await assert.rejects(page.waitForSelector('h1', { timeout: SHORT_MS }), { name: 'TimeoutError' });
    await assert.rejects(page.locator('h1').click({ timeout: SHORT_MS }), { name: 'TimeoutError' });
    assert.equal(watch.failure, null);
    assert.equal(await page.evaluate(() => 1 + 1), 2);
  });

  test('that hangs is killed, and the wait of the story is no failed check', async () => {
    await hang();
    await assert.rejects(page.waitForSelector('h1', { timeout: SHORT_MS }), DriverTimeout);
    await isGone();
    await assert.rejects(page.title(), DriverTimeout, 'whatever the story does after that');
  });

  test('whose page never ends a call works, and the call is a failed check', async () => {
    watch.pageMs = SHORT_MS;
    await assert.rejects(
      page.evaluate(() => new Promise(() => {})),
      /evaluate: the page has not ended it .* answers other commands/,
    );
    assert.equal(watch.failure, null);
  });

  test('that hangs in a call is killed', async () => {
    await hang();
    watch.pageMs = SHORT_MS;
    await assert.rejects(
      page.evaluate(() => 1),
      DriverTimeout,
    );
    await isGone();
  });

  test('that is killed has crashed', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    process.kill(-group, 'SIGKILL');
    await assert.rejects(waiting, BrowserCrash);
    assert.ok(watch.failure instanceof BrowserCrash);
    await isGone();
  });

  test('whose page crashes has crashed', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    const isRenderer = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
    for (const pid of running(group).filter(isRenderer)) process.kill(pid, 'SIGKILL');
    await assert.rejects(waiting, BrowserCrash);
    assert.ok(watch.failure instanceof BrowserCrash);
    await isGone();
  });

  test('whose page a story closes works', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    const rejected = assert.rejects(waiting, /has been closed/);
    await page.close();
    await rejected;
    assert.equal(watch.failure, null);
  });
});
