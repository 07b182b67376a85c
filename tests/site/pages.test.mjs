// Every page of the site in Chromium: nothing fails, nothing comes from another host, and people with a phone, a keyboard
// or a screen reader can use it. `PAGE=errors node --test tests/site/` checks one page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';

import { allFiles, DESKTOP, PHONE, overflow, pages, start } from './support.mjs';

/** @import { Page } from 'playwright-core' */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { open } = await start(after);

/** Pages of each kind, for the checks that every page does not need. */
const SAMPLE = pages.filter((page) => /^(index|404|errors|verifier|package|walk|how-it-works|benchmarks|api\/index)\.html$/.test(page));

/**
 * The rules of axe that the page breaks, with an element each.
 * @param {Page} page
 * @param {string[]} [rules] only these
 */
async function violations(page, rules) {
  const options = rules === undefined ? {} : { runOnly: { type: 'rule', values: rules } };
  const found = await page.evaluate(async (options) => {
    const { axe } = /** @type {{ axe: { run: Function } }} */ (/** @type {unknown} */ (window));
    const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] });
    return violations;
  }, options);
  return found.map(
    (/** @type {{ id: string, nodes: { html: string, failureSummary: string }[] }} */ { id, nodes }) =>
      `${id} (${nodes.length}): ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`,
  );
}

/** @param {Page} page */
const setDark = (page) => page.evaluate(() => document.documentElement.classList.add('dark'));

/** @param {Page} page */
const headingLevels = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('main :is(h1, h2, h3, h4, h5, h6)')].map(({ tagName }) => Number(tagName[1])),
  );

describe('on a phone', { concurrency: 2 }, () => {
  for (const file of pages) {
    test(`${file} is whole, fits, and is accessible in both themes`, async () => {
      const { page, context, faults, go } = await open({ viewport: PHONE, reducedMotion: 'reduce' });
      await go(file);
      assert.deepEqual(await overflow(page), [], 'wider than the window');
      const levels = await headingLevels(page);
      assert.equal(levels.filter((level) => level === 1).length, 1, 'headings of the first level');
      for (const [place, level] of levels.entries()) assert.ok(level <= (levels[place - 1] ?? 0) + 1, `levels: ${levels}`);
      await page.evaluate(axe);
      assert.deepEqual(await violations(page), []);
      await setDark(page);
      assert.deepEqual(await violations(page, ['color-contrast']), [], 'in the dark theme');
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
});

describe('on a desktop', { concurrency: 2 }, () => {
  for (const file of SAMPLE) {
    test(`${file} is accessible in both themes`, async () => {
      const { page, context, faults, go } = await open({ viewport: DESKTOP, reducedMotion: 'reduce' });
      await go(file);
      await page.evaluate(axe);
      assert.deepEqual(await overflow(page), []);
      assert.deepEqual(await violations(page), []);
      await setDark(page);
      assert.deepEqual(await violations(page, ['color-contrast']), [], 'in the dark theme');
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
});

test('the pages of rustdoc ask no other host', async () => {
  const files = allFiles.filter((file) => /^rust\/[^/]+\/index\.html$/.test(file));
  assert.ok(files.length > 3, `${files.length} crates`);
  const { page, context, faults, url } = await open({ viewport: DESKTOP });
  for (const file of files) await page.goto(url + file, { waitUntil: 'load' });
  assert.deepEqual(faults, []);
  await context.close();
});

test('axe finds what is wrong', async () => {
  const { page, context, go } = await open({ viewport: PHONE });
  await go('errors.html');
  await page.evaluate(axe);
  await page.evaluate(() => {
    document.querySelector('main h1')?.insertAdjacentHTML('afterend', '<p style="color: #bbb; background: #fff">pale</p>');
  });
  const found = await violations(page);
  assert.equal(found.length, 1);
  assert.match(found[0], /^color-contrast/);
  await context.close();
});
