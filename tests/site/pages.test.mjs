// Every page of the site in Chromium: nothing fails, nothing comes from another host, and people with a phone, a keyboard
// or a screen reader can use it. `PAGE=errors node --test tests/site/` checks one page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';

import { allFiles, DESKTOP, PHONE, overflow, pages, read, start } from './support.mjs';

/** @import { Page } from 'playwright-core' */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { open } = await start(after);

/** Pages of each kind, for the checks that every page does not need. */
const SAMPLE = pages.filter((page) =>
  /^(index|404|errors|verifier|package|walk|how-it-works|benchmarks|api\/index)\.html$/.test(page),
);

/**
 * The rules of axe that the page breaks, with an element each.
 * @param {Page} page
 * @param {object} options of axe
 * @returns {Promise<string[]>}
 */
async function violations(page, options) {
  const found = await page.evaluate(async (options) => {
    const { axe } = /** @type {{ axe: { run: Function } }} */ (/** @type {unknown} */ (window));
    const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] });
    return violations;
  }, options);
  return found.map(
    (/** @type {{ id: string, nodes: { html: string, failureSummary: string }[] }} */ { id, nodes }) =>
      `${id}, ${nodes.length} times: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`,
  );
}

// On a phone VitePress has the bar with the menu's button outside of every landmark. On a desktop its search button shows the
// keys of its shortcut, which its name does not repeat.
const ALL_RULES = { rules: { region: { enabled: false }, 'label-content-name-mismatch': { enabled: false } } };
const CONTRAST = { runOnly: { type: 'rule', values: ['color-contrast'] } };

/**
 * What is wrong with the headings of the content.
 * @param {Page} page
 */
async function headingFaults(page) {
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll('#VPContent :is(h1, h2, h3, h4, h5, h6)')].map(({ tagName }) => Number(tagName[1])),
  );
  const titles = levels.filter((level) => level === 1).length;
  const skips = levels.flatMap((level, place) =>
    level > (levels[place - 1] ?? 0) + 1 ? [`heading ${place + 1} skips a level`] : [],
  );
  return [...(titles === 1 ? [] : [`${titles} headings of the first level`]), ...skips];
}

/** @type {(file: string, viewport: typeof PHONE) => Promise<string[]>} */
async function faultsOf(file, viewport) {
  const { page, context, faults, go } = await open({ viewport, reducedMotion: 'reduce', colorScheme: 'light' });
  await go(file);
  await page.evaluate(axe);
  const found = [...(await overflow(page)), ...(await headingFaults(page)), ...(await violations(page, ALL_RULES))];
  await page.evaluate(() => document.documentElement.classList.add('dark'));
  const dark = await violations(page, CONTRAST);
  await context.close();
  return [...found, ...dark.map((violation) => `dark: ${violation}`), ...faults];
}

describe('on a phone', { concurrency: 2 }, () => {
  for (const file of pages) {
    test(`${file} is whole, fits, and is accessible in both themes`, async () => {
      assert.deepEqual(await faultsOf(file, PHONE), []);
    });
  }
});

describe('on a desktop', { concurrency: 2 }, () => {
  for (const file of SAMPLE) {
    test(`${file} is whole, and accessible in both themes`, async () => {
      assert.deepEqual(await faultsOf(file, DESKTOP), []);
    });
  }
});

test('drawings are pictures with a name, in both themes and in a box that scrolls', async () => {
  const drawn = pages.filter((file) => read(file).includes('<figure class="drawing"'));
  const { page, context, faults, go } = await open({ viewport: PHONE, colorScheme: 'light' });
  for (const file of drawn) {
    await go(file);
    const count = await page.locator('figure.drawing').count();
    const pictures = page.locator('.drawing-box [role=img][aria-label] svg');
    await page.waitForFunction((count) => document.querySelectorAll('.drawing-box svg').length === count, count);
    assert.equal(await pictures.count(), count, file);
    assert.deepEqual(await overflow(page), [], file);
    const light = await pictures.first().innerHTML();
    await page.locator('.VPNavBarHamburger').click();
    await page.locator('.VPNavScreenAppearance .VPSwitchAppearance').click();
    await page.waitForFunction((light) => document.querySelector('.drawing-box svg')?.innerHTML !== light, light);
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('the pages of rustdoc ask no other host', async () => {
  const files = allFiles.filter((file) => /^rust\/[^/]+\/index\.html$/.test(file));
  assert.ok(files.length > 3, `${files.length} crates`);
  const { page, context, faults, url } = await open({ viewport: DESKTOP });
  for (const file of files) await page.goto(url + file, { waitUntil: 'load' });
  // rustdoc preloads its fonts in a way that Chromium does not use, and warns about.
  assert.deepEqual(
    faults.filter((fault) => !fault.startsWith('console: A preload for')),
    [],
  );
  await context.close();
});

test('axe finds what is wrong', async () => {
  const { page, context, go } = await open({ viewport: PHONE });
  await go('errors.html');
  await page.evaluate(axe);
  await page.evaluate(() => {
    document
      .querySelector('main h1')
      ?.insertAdjacentHTML('afterend', '<p style="color: #bbb; background: #fff">pale</p>');
  });
  const found = await violations(page, ALL_RULES);
  assert.equal(found.length, 1);
  assert.match(found[0], /^color-contrast/);
  await context.close();
});
