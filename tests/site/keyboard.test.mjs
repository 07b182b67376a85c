// The site by keyboard alone: the skip link, the search, and the drawings and tables that scroll.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { DESKTOP, PHONE, start } from './support.mjs';

const { open } = await start(after);

test('the first stop of the tab key skips to the content', async () => {
  const { page, context, go, faults } = await open({ viewport: DESKTOP });
  await go('errors.html');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Skip to content');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'VPContent');
  // What comes next is in the content, and not in the navigation before it.
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.activeElement?.closest('#VPContent') !== null));
  assert.deepEqual(faults, []);
  await context.close();
});

for (const [name, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  test(`an error code is found with the keyboard alone, ${name}`, async () => {
    const { page, context, go, url, faults } = await open({ viewport });
    await go('index.html');
    await page.keyboard.press('Control+KeyK');
    const field = page.locator('#localsearch-input');
    await field.waitFor();
    assert.ok(await field.evaluate((element) => element === document.activeElement), 'the field has the focus');
    await page.keyboard.type('SessionNotBegunHere');
    await page.waitForFunction(() => {
      const chosen = document.querySelector('#localsearch-list [aria-selected="true"]');
      return chosen?.textContent?.includes('SessionNotBegunHere');
    });
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}errors.html#sessionnotbegunhere`);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test('the search opens with the enter key and closes with the escape key', async () => {
  const { page, context, go } = await open({ viewport: DESKTOP });
  await go('errors.html');
  const button = page.locator('.VPNavBarSearch button');
  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('#localsearch-input').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#localsearch-input').waitFor({ state: 'detached' });
  await context.close();
});

test('a table that is wider than a phone scrolls by keyboard', async () => {
  const { page, context, go } = await open({ viewport: PHONE });
  await go('errors.html');
  const wide = await page.evaluate(() => {
    const box = [...document.querySelectorAll('.table-box')].find(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    );
    /** @type {HTMLElement | undefined} */ (box)?.focus();
    return box !== undefined && document.activeElement === box && box.getAttribute('aria-label');
  });
  assert.match(String(wide), /^Table: ./);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => (document.activeElement?.scrollLeft ?? 0) > 0);
  await context.close();
});
