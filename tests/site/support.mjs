// The built site: its files, a server for it, and pages in Chromium that note what they should not do.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import { serve } from '../../site/serve.mjs';
import { output } from '../../site/settings.mjs';
import { launch } from '../e2e/support/browser.mjs';

/** @import { BrowserContextOptions, Page } from 'playwright-core' */

/** @type {(folder: string) => string[]} */
const htmlIn = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return htmlIn(path);
    return entry.name.endsWith('.html') ? [path] : [];
  });

assert.ok(existsSync(join(output, 'index.html')), 'the site is not built: `cargo xtask docs` builds it');

/** All HTML files of the site, relative to it. */
export const allFiles = htmlIn(output)
  .map((path) => relative(output, path).replaceAll(sep, '/'))
  .sort();

/** Those that VitePress has made; `PAGE=errors` leaves the ones whose name has that text. */
export const pages = allFiles.filter((file) => !file.startsWith('rust/') && file.includes(process.env.PAGE ?? ''));
assert.ok(pages.length > 0, `no page's name has ${process.env.PAGE}`);

/** @param {string} file relative to the site */
export const read = (file) => readFileSync(join(output, file), 'utf8');

/** A phone and a desktop. */
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

/**
 * Starts the server and the browser for the tests of a file.
 * @param {(hook: () => Promise<void>) => void} after
 */
export async function start(after) {
  const server = await serve(0);
  const browser = await launch({ browserArgs: [] });
  after(async () => {
    await browser.close();
    server.close();
  });

  /**
   * A page in a profile of its own, and what was wrong in it.
   * @param {BrowserContextOptions} options
   */
  async function open(options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    /** @type {string[]} */
    const faults = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(server.url) && !url.startsWith('data:')) faults.push(`request to ${url}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} of ${response.url()}`);
    });
    /** @param {string} file */
    const go = async (file) => {
      await page.goto(server.url + file);
      // Vue has taken over the page.
      await page.waitForFunction(() => '_vnode' in (document.querySelector('#app') ?? {}), undefined, {
        timeout: 10_000,
      });
    };
    return { page, context, faults, go, url: server.url };
  }
  return { open };
}

/**
 * Whether the page, and not a box in it, is wider than the window.
 * @param {Page} page
 */
export const overflow = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('#VPContent *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.right > width + 1 && !element.closest('.table-box, .drawing-box, pre, .vp-code-group');
    });
    return wide
      .slice(0, 3)
      .map((element) => `${element.tagName} ${element.className}: ${element.textContent?.slice(0, 60)}`);
  });
