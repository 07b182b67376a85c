// The browser of this process: Chromium, unless ENGINE names `firefox` or `webkit`.
//
// Each engine is a file with the same exports. Stories use the API of Playwright, of which WebKit's engine has as much as
// they need. A story that needs what an engine cannot do is skipped: see `capabilities.mjs`.

import assert from 'node:assert/strict';

/**
 * @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
 * @import { StackDescription } from './stack.mjs'
 * @import { Watchdog } from './watchdog.mjs'
 */

/**
 * @typedef {object} Browser
 * @property {(options?: BrowserContextOptions) => Promise<BrowserContext>} newContext a new profile
 * @property {() => Promise<void>} close
 */

/**
 * The parts of the servers' description that a browser needs.
 * @typedef {Pick<StackDescription, 'browserArgs'> & Partial<StackDescription>} Hosts
 */

/**
 * @typedef {object} LaunchOptions
 * @property {boolean} [bfcache] keep pages in the back/forward cache, as browsers do for their users; drivers switch that
 * off otherwise
 * @property {boolean} [headed] show the browser; Chromium only
 * @property {boolean} [withoutWindow] use the program that CHROME_HEADLESS_SHELL names, if it is set: Chromium's engine and
 * network without the window and the back/forward cache; docs/engines.md has the difference in processor time
 * @property {Watchdog} [watchdog] gets the failures of the browser
 */

/**
 * @typedef {object} Engine
 * @property {(stack: Hosts, options?: LaunchOptions) => Promise<Browser>} launch
 * @property {string | RegExp | (() => boolean)} isErrorPage
 * @property {(error: Error) => boolean} isScriptError
 * @property {(page: Page, stack: StackDescription, rewrite: (policy: string) => string) => Promise<void>} rewritePolicy
 * @property {(page: Page) => Promise<string[]>} historyOf
 */

export const engineName = process.env.ENGINE || 'chromium';
assert.ok(['chromium', 'firefox', 'webkit'].includes(engineName), `there is no engine ${engineName}`);
/** @type {Engine} */
const engine = await import(`./engines/${engineName}.mjs`);

/** Starts the browser so that it finds the stack's host names. */
export const launch = engine.launch;

/** Matches the URL of the browser's own error page, as `waitForURL` takes it. */
export const isErrorPage = engine.isErrorPage;

/** Whether an uncaught error comes from a script of the page, and not from the browser itself. */
export const isScriptError = engine.isScriptError;

/** Rewrites the Content-Security-Policy of the shop's pages. */
export const rewritePolicy = engine.rewritePolicy;

/** The URLs of the session history, as far as the browser shows them. */
export const historyOf = engine.historyOf;
