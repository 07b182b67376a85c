// Chromium by Playwright: failures of the browser are distinguished from failed checks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { BrowserCrash, DriverTimeout } from '../e2e/support/driver-failure.mjs';
import { launch } from '../e2e/support/engines/chromium.mjs';
import { ownGroups, running } from '../e2e/support/process-group.mjs';
import { Watchdog } from '../e2e/support/watchdog.mjs';

/** The limit of checks that must fail, and of commands of a browser that hangs. */
const SHORT_MS = 500;

describe('Chromium', () => {
  /** @type {Watchdog} */
  let watchdog;
  /** @type {import('../e2e/support/browser.mjs').Browser} */
  let browser;
  /** @type {import('playwright-core').Page} */
  let page;
  /** @type {number} */
  let group;
  beforeEach(async () => {
    watchdog = new Watchdog();
    const before = ownGroups();
    browser = await launch({ browserArgs: [] }, { watchdog });
    group = Number(
      ownGroups()
        .filter((it) => !before.includes(it))
        .find((it) => running(it).length > 1),
    );
    page = await (await browser.newContext()).newPage();
  });
  afterEach(() => browser.close());

  const hasEnded = async () => {
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
    watchdog.commandMs = SHORT_MS;
  };

  test('ends with all its processes when it is closed', async () => {
    assert.ok(running(group).length > 1);
    await browser.close();
    await hasEnded();
    assert.equal(watchdog.failure, null);
  });

  test('that does not show what a check waits for is no failure of the browser', async () => {
    await assert.rejects(page.waitForSelector('h1', { timeout: SHORT_MS }), { name: 'TimeoutError' });
    await assert.rejects(page.locator('h1').click({ timeout: SHORT_MS }), { name: 'TimeoutError' });
    assert.equal(watchdog.failure, null);
    assert.equal(await page.evaluate(() => 1 + 1), 2);
  });

  test('that hangs while a story waits is killed, which is no failed check', async () => {
    await hang();
    await assert.rejects(page.waitForSelector('h1', { timeout: SHORT_MS }), DriverTimeout);
    await hasEnded();
    await assert.rejects(page.title(), DriverTimeout, 'as does every command after that');
  });

  test('whose page never ends a call is no failure of the browser, but a failed check', async () => {
    watchdog.pageMs = SHORT_MS;
    await assert.rejects(
      page.evaluate(() => new Promise(() => {})),
      /evaluate: the page has not ended it .* responds to other commands/,
    );
    assert.equal(watchdog.failure, null);
  });

  test('that hangs during a call is killed', async () => {
    await hang();
    watchdog.pageMs = SHORT_MS;
    await assert.rejects(
      page.evaluate(() => 1),
      DriverTimeout,
    );
    await hasEnded();
  });

  test('that is killed is reported as a crash', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    process.kill(-group, 'SIGKILL');
    await assert.rejects(waiting, BrowserCrash);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
  });

  test('whose page crashes is reported as a crash', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    /** @type {(pid: number) => boolean} */
    const isRenderer = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
    for (const pid of running(group).filter(isRenderer)) process.kill(pid, 'SIGKILL');
    await assert.rejects(waiting, BrowserCrash);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
  });

  test('whose page closes by itself is reported as a crash', async () => {
    const session = await page.context().newCDPSession(page);
    const waiting = page.waitForURL('**/never');
    await Promise.all([assert.rejects(waiting, BrowserCrash), session.send('Page.close').catch(() => {})]);
    assert.ok(watchdog.failure instanceof BrowserCrash);
    await hasEnded();
  });

  test('that fails has nothing to do with another one that was launched at once', async () => {
    const watchdogs = [new Watchdog(), new Watchdog()];
    const browsers = await Promise.all(watchdogs.map((own) => launch({ browserArgs: [] }, { watchdog: own })));
    try {
      const pages = await Promise.all(browsers.map(async (own) => (await own.newContext()).newPage()));
      const session = await pages[0].context().newCDPSession(pages[0]);
      const waiting = pages[0].waitForURL('**/never');
      await Promise.all([assert.rejects(waiting, BrowserCrash), session.send('Page.close').catch(() => {})]);
      assert.ok(watchdogs[0].failure instanceof BrowserCrash);
      await browsers[0].close();
      assert.equal(await pages[1].evaluate(() => 1 + 1), 2);
      assert.equal(watchdogs[1].failure, null);
    } finally {
      await Promise.all(browsers.map((own) => own.close()));
    }
  });

  test('shows its pages another time', async () => {
    await page.clock.setFixedTime(1000);
    assert.equal(await page.evaluate(() => Date.now()), 1000);
  });

  test('whose page a story closes is no failure of the browser', async () => {
    const waiting = page.evaluate(() => new Promise(() => {}));
    const rejected = assert.rejects(waiting, /has been closed/);
    await page.close();
    await rejected;
    assert.equal(watchdog.failure, null);
  });
});
