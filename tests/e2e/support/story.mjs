// A file of stories: one stack and one browser for the file, a fresh profile for each story.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Abilities } from './abilities.mjs';
import { Authress } from './authress.mjs';
import { PATIENCE_MS, isOfThePage, launch, rewritePolicy } from './browser.mjs';
import { Witness, conditions, strictPolicy } from './conditions.mjs';
import { BrowserCrash } from './engines/crash.mjs';
import { Shop } from './shop.mjs';
import { startStack, workspace } from './stack.mjs';

/** How often a browser may crash during one story. */
const MOST_CRASHES = 2;
/** The longest a story may take with all its crashes, in milliseconds. */
const STORY_MS = 9 * PATIENCE_MS * MOST_CRASHES;
const SCREENSHOTS = `${workspace}target/e2e`;

/**
 * Starts what the stories of this block need.
 * @param topology as for `startStack`
 * @param options `{verifier}`: a `VerifierProxy` to put in front of the verifier; `{bfcache}` as
 * for `launch`; `{uncaught}`: what errors that nobody catches may look like; `{needs}` of all stories here
 * @returns a function `story(title, {needs}, async ({shop, visitor, …}) => {…})`; `needs`, which may be
 * left out, names what not every browser's driver can do
 */
export function stories(topology, { verifier, bfcache, uncaught, needs: common = [] } = {}) {
  let stack;
  let browser;
  let abilities;
  const open = async () => {
    stack = await startStack(topology, verifier?.authorizationUrl);
    if (verifier) verifier.target = stack.verifierUrl;
    browser = await launch(stack, { bfcache });
    abilities = new Abilities(browser, stack);
  };
  const close = async () => {
    await browser?.close();
    await stack?.stop();
  };
  before(open);
  after(close);

  return (title, options, body = options) => {
    return test(title, { timeout: STORY_MS }, async (told) => {
      const attempt = async () => {
        const lack = await abilities.lacking([...common, ...(options.needs ?? [])]);
        if (lack) told.skip(lack);
        else await tell(title, body);
      };
      for (let crashes = 0; ; crashes += 1) {
        try {
          return await attempt();
        } catch (failure) {
          if (!(failure instanceof BrowserCrash) || crashes === MOST_CRASHES) throw failure;
          // Nothing that the story is about, unless it happens every time; the servers know half of it already.
          told.diagnostic(`told again, from the start: ${failure.message}`);
          await close();
          await open();
        }
      }
    });
  };

  async function tell(title, body) {
    const scene = new Scene(stack, browser);
    try {
      await body(scene.cast(await scene.visitor()));
      scene.nothingWentWrongUnseen(uncaught);
    } catch (failure) {
      await scene.takePictures(title);
      throw failure;
    } finally {
      await scene.end();
    }
  }
}

class Scene {
  #stack;
  #browser;
  #authress;
  #contexts = [];
  #consoleTexts = [];
  #uncaught = [];
  #witness = new Witness();

  constructor(stack, browser) {
    this.#stack = stack;
    this.#browser = browser;
    this.#authress = new Authress(stack);
  }

  /** What a story gets. */
  cast(visitor) {
    return {
      ...visitor,
      stack: this.#stack,
      authress: this.#authress,
      /** Another person with another browser, or with the given `storageState`. */
      visitor: (storageState) => this.visitor(storageState),
      /** Everything that pages wrote to the console. */
      consoleTexts: this.#consoleTexts,
    };
  }

  /** A person with a browser of their own: `{context, shop, page, newTab}`. */
  async visitor(storageState) {
    const context = await this.#browser.newContext({ storageState, viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(PATIENCE_MS);
    this.#contexts.push(context);
    await this.#witness.watch(context);
    const newTab = async () => {
      const page = await context.newPage();
      if (conditions.webAssembly === 'forbidden') await rewritePolicy(page, this.#stack, strictPolicy);
      page.on('console', (message) => this.#consoleTexts.push(message.text()));
      page.on('pageerror', (error) => isOfThePage(error) && this.#uncaught.push(error));
      return new Shop(page, { stack: this.#stack, authress: this.#authress });
    };
    const shop = await newTab();
    return { context, shop, page: shop.page, newTab };
  }

  /** Holds for every story: no uncaught error, no token in any console, the right form of the module. */
  nothingWentWrongUnseen(uncaught) {
    const unexpected = this.#uncaught.map(String).filter((text) => !uncaught?.test(text));
    assert.deepEqual(unexpected, [], 'errors that nobody caught');
    assert.deepEqual(this.#witness.complaints(), []);
    const telling = this.#consoleTexts.filter((text) => /eyJ[\w-]{8,}\.[\w-]{8,}/.test(text));
    assert.equal(telling.length, 0, 'a token was written to the console');
  }

  async takePictures(title) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const name = title.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
    const pages = this.#contexts.flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) {
      // A page that cannot be pictured must not hide why the story failed.
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-${index + 1}.png` }).catch(() => {});
    }
  }

  async end() {
    await this.#authress.stopFailing();
    await Promise.all(this.#contexts.map((context) => context.close()));
  }
}
