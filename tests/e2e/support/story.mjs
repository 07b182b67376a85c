// A file of stories: one stack and one browser for the file, a fresh profile for each story.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, test } from 'node:test';

import { Authress } from './authress.mjs';
import { engineName, isScriptError, launch, rewritePolicy } from './browser.mjs';
import { Capabilities } from './capabilities.mjs';
import { LoadMonitor, conditions, strictPolicy } from './conditions.mjs';
import { DriverTimeout } from './driver-failure.mjs';
import { CLOSE_MS, PATIENCE_MS, STORY_MS } from './limits.mjs';
import { Environment, SKIPPED, reportCount } from './retries.mjs';
import { Shop } from './shop.mjs';
import { dialect as dialectOfRun, startStack, workspace } from './stack.mjs';
import { Watchdog, settlesWithin } from './watchdog.mjs';

/**
 * @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
 * @import { Browser } from './browser.mjs'
 * @import { Capability } from './capabilities.mjs'
 * @import { Dialect, Stack, Topology } from './stack.mjs'
 * @import { VerifierProxy } from './verifier-proxy.mjs'
 */

/**
 * A person with a browser profile of their own.
 * @typedef {object} Visitor
 * @property {BrowserContext} context
 * @property {Shop} shop the first tab
 * @property {Page} page the first tab's page
 * @property {() => Promise<Shop>} newTab
 */

/**
 * What a story gets.
 * @typedef {Visitor & StoryFixtures} Cast
 * @typedef {object} StoryFixtures
 * @property {Stack} stack
 * @property {Authress} authress
 * @property {(storageState?: BrowserContextOptions['storageState']) => Promise<Visitor>} visitor opens another profile,
 * empty or with this storage state
 * @property {string[]} consoleTexts everything that pages have written to the console
 */

/** @typedef {(cast: Cast) => Promise<void>} StoryBody */
/**
 * @typedef {object} StoryOptions
 * @property {readonly Capability[]} [needs]
 * @property {OneDialect} [only]
 */

/**
 * The one dialect of the sandbox that a story is about, and why.
 * @typedef {{ dialect: Dialect, because: string }} OneDialect
 */

/**
 * The servers and the browser of a block of stories, and the story that runs.
 * @typedef {object} Resources
 * @property {Watchdog} watchdog
 * @property {Stack} stack
 * @property {Browser} browser
 * @property {Capabilities} capabilities
 * @property {StoryRun | null} run
 */

const SCREENSHOTS = `${workspace}target/e2e`;

reportCount(engineName);

/**
 * Declares a block of stories. Its servers and its browser start with the first story.
 * @param {Topology} topology
 * @param {object} [options]
 * @param {VerifierProxy} [options.verifier] a proxy to put in front of the verifier
 * @param {boolean} [options.bfcache] as for `launch`
 * @param {boolean} [options.wholeBrowser] use Chromium with its window, also where its headless shell is installed
 * @param {RegExp} [options.uncaught] uncaught errors that are expected
 * @param {RegExp} [options.forbidden] violations of the pages' policy that are expected
 * @param {readonly Capability[]} [options.needs] of all stories of the block
 * @param {OneDialect} [options.only] of all stories of the block
 * @param {Dialect} [options.dialect] of the sandbox, if it is not that of the run
 * @param {boolean} [options.background] as for `startStack`
 * @param {boolean} [options.ownership] as for `startStack`
 */
export function stories(
  topology,
  {
    verifier,
    bfcache,
    wholeBrowser = false,
    uncaught,
    forbidden,
    needs: common = [],
    only: onlyOfBlock,
    dialect = dialectOfRun,
    background,
    ownership,
  } = {},
) {
  /** @type {Environment<Resources>} */
  const environment = new Environment({
    open: async (resources) => {
      resources.watchdog = new Watchdog();
      resources.stack = await startStack(topology, {
        authorizationUrl: verifier?.authorizationUrl,
        dialect,
        background,
        ownership,
      });
      if (verifier) verifier.target = resources.stack.verifierInternalUrl;
      resources.browser = await launch(resources.stack, {
        bfcache,
        withoutWindow: !wholeBrowser && !bfcache,
        watchdog: resources.watchdog,
      });
      resources.capabilities = new Capabilities(resources.browser, resources.stack);
    },
    close: async ({ stack, browser }) => {
      await browser?.close();
      await stack?.stop();
    },
  });
  after(() => environment.close());

  return story;

  /**
   * Declares a story.
   * @overload
   * @param {string} title
   * @param {StoryBody} body
   * @returns {void}
   */
  /**
   * @overload
   * @param {string} title
   * @param {StoryOptions} options
   * @param {StoryBody} body
   * @returns {void}
   */
  /**
   * @param {string} title
   * @param {StoryOptions | StoryBody} optionsOrBody
   * @param {StoryBody} [bodyAfterOptions]
   */
  function story(title, optionsOrBody, bodyAfterOptions) {
    const [{ needs = [], only = onlyOfBlock }, body] =
      typeof optionsOrBody === 'function' ? [{}, optionsOrBody] : [optionsOrBody, bodyAfterOptions];
    assert.ok(body, 'a story has a body');
    if (only && only.dialect !== dialect) {
      void test(title, { skip: `it is about the dialect ${only.dialect}: ${only.because}` }, () => {});
      return;
    }
    void test(title, { timeout: STORY_MS }, async (context) => {
      /** @param {Resources} resources */
      const attempt = async (resources) => {
        const lack = await resources.capabilities.missing([...common, ...needs]);
        if (lack) {
          context.skip(lack);
          return SKIPPED;
        }
        const run = new StoryRun(resources);
        resources.run = run;
        await body(run.cast(await run.visitor()));
        return run.assertNoSilentFailures(uncaught, forbidden);
      };
      /** @type {(resources: Resources, isFailed: boolean) => Promise<void>} */
      const cleanUp = async (resources, isFailed) => {
        const { run } = resources;
        resources.run = null;
        if (isFailed) await run?.takeScreenshots(title);
        await run?.end();
      };
      await environment.run({ attempt, cleanUp }, (sentence) => context.diagnostic(sentence));
    });
  }
}

/** One attempt at a story: its profiles, and what their pages did. */
class StoryRun {
  #stack;
  #browser;
  #watchdog;
  #authress;
  /** @type {BrowserContext[]} */
  #contexts = [];
  /** @type {string[]} */
  #consoleTexts = [];
  /** @type {Error[]} */
  #uncaught = [];
  #loads = new LoadMonitor();

  /** @param {Pick<Resources, 'stack' | 'browser' | 'watchdog'>} resources */
  constructor({ stack, browser, watchdog }) {
    this.#stack = stack;
    this.#browser = browser;
    this.#watchdog = watchdog;
    this.#authress = new Authress(stack);
  }

  /**
   * @param {Visitor} visitor
   * @returns {Cast}
   */
  cast(visitor) {
    return {
      ...visitor,
      stack: this.#stack,
      authress: this.#authress,
      visitor: (storageState) => this.visitor(storageState),
      consoleTexts: this.#consoleTexts,
    };
  }

  /**
   * @param {BrowserContextOptions['storageState']} [storageState]
   * @returns {Promise<Visitor>}
   */
  async visitor(storageState) {
    const context = await this.#browser.newContext({ storageState, viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(PATIENCE_MS);
    this.#contexts.push(context);
    await this.#loads.observe(context);
    const newTab = async () => {
      const page = await context.newPage();
      if (conditions.webAssembly === 'forbidden') await rewritePolicy(page, this.#stack, strictPolicy);
      page.on('console', (message) => this.#consoleTexts.push(message.text()));
      page.on('pageerror', (error) => {
        if (isScriptError(error)) this.#uncaught.push(error);
      });
      return new Shop(page, this.#stack, this.#authress);
    };
    const shop = await newTab();
    return { context, shop, page: shop.page, newTab };
  }

  /**
   * Checks what must hold for every story: no uncaught error, no token in a console, the right form of the module.
   * @param {RegExp | undefined} uncaught errors that are expected
   * @param {RegExp | undefined} forbidden violations of the pages' policy that are expected
   */
  assertNoSilentFailures(uncaught, forbidden) {
    const unexpected = this.#uncaught.map(String).filter((text) => !uncaught?.test(text));
    assert.deepEqual(unexpected, [], 'uncaught errors');
    assert.deepEqual(
      this.#loads.problems().filter((problem) => !forbidden?.test(problem)),
      [],
    );
    const withToken = this.#consoleTexts.filter((text) => /eyJ[\w-]{8,}\.[\w-]{8,}/.test(text));
    assert.equal(withToken.length, 0, 'a token was written to the console');
  }

  /**
   * Takes pictures of all pages, unless the browser hangs: nothing may hide why the story failed.
   * @param {string} title
   */
  async takeScreenshots(title) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const name = title.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
    const pages = this.#contexts.flatMap((context) => context.pages());
    const pictures = pages.map((page, index) => page.screenshot({ path: `${SCREENSHOTS}/${name}-${index + 1}.png` }));
    await settlesWithin(CLOSE_MS, Promise.allSettled(pictures));
  }

  async end() {
    // The story has its result already. A browser that does not close is replaced before the next one.
    const isClosed = await settlesWithin(CLOSE_MS, Promise.all(this.#contexts.map((context) => context.close())));
    if (!isClosed) this.#watchdog.fail(new DriverTimeout(`the browser has not closed a profile for ${CLOSE_MS} ms`));
    if (this.#watchdog.failure) return;
    await this.#authress.stopFailing();
    await this.#authress.resetDialect();
  }
}
