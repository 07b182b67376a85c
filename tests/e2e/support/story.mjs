// A file of stories: one stack and one browser for the file, a fresh profile for each story.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, test } from 'node:test';

import { Abilities } from './abilities.mjs';
import { Authress } from './authress.mjs';
import { engineName, isOfThePage, launch, rewritePolicy } from './browser.mjs';
import { Witness, conditions, strictPolicy } from './conditions.mjs';
import { DriverTimeout } from './driver-failure.mjs';
import { CLOSE_MS, PATIENCE_MS, STORY_MS } from './limits.mjs';
import { Environment, SKIPPED, reportCount } from './retries.mjs';
import { Shop } from './shop.mjs';
import { startStack, workspace } from './stack.mjs';
import { Watch, isSettled } from './watch.mjs';

const SCREENSHOTS = `${workspace}target/e2e`;

reportCount(engineName);

/**
 * Starts what the stories of this block need, when the first of them begins.
 * @param topology as for `startStack`
 * @param options `{verifier}`: a `VerifierProxy` to put in front of the verifier; `{bfcache}` as
 * for `launch`; `{uncaught}`: what errors that nobody catches may look like; `{needs}` of all stories here
 * @returns a function `story(title, {needs}, async ({shop, visitor, …}) => {…})`; `needs`, which may be
 * left out, names what not every browser's driver can do
 */
export function stories(topology, { verifier, bfcache, uncaught, needs: common = [] } = {}) {
  const environment = new Environment({
    open: async (it) => {
      it.watch = new Watch();
      it.stack = await startStack(topology, verifier?.authorizationUrl);
      if (verifier) verifier.target = it.stack.verifierUrl;
      it.browser = await launch(it.stack, { bfcache, watch: it.watch });
      it.abilities = new Abilities(it.browser, it.stack);
    },
    close: async ({ stack, browser }) => {
      await browser?.close();
      await stack?.stop();
    },
  });
  after(() => environment.close());

  return (title, options, body = options) =>
    test(title, { timeout: STORY_MS }, async (context) => {
      const attempt = async (it) => {
        const lack = await it.abilities.lacking([...common, ...(options.needs ?? [])]);
        if (lack) {
          context.skip(lack);
          return SKIPPED;
        }
        it.scene = new Scene(it);
        await body(it.scene.cast(await it.scene.visitor()));
        return it.scene.nothingWentWrongUnseen(uncaught);
      };
      const end = async (it, isFailed) => {
        const { scene } = it;
        it.scene = null;
        if (isFailed) await scene?.takePictures(title);
        await scene?.end();
      };
      await environment.run({ attempt, end }, (sentence) => context.diagnostic(sentence));
    });
}

class Scene {
  #stack;
  #browser;
  #watch;
  #authress;
  #contexts = [];
  #consoleTexts = [];
  #uncaught = [];
  #witness = new Witness();

  constructor({ stack, browser, watch }) {
    this.#stack = stack;
    this.#browser = browser;
    this.#watch = watch;
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

  /** Pictures of all pages, unless the browser hangs: nothing may hide why the story failed. */
  async takePictures(title) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const name = title.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
    const pages = this.#contexts.flatMap((context) => context.pages());
    const pictures = pages.map((page, index) => page.screenshot({ path: `${SCREENSHOTS}/${name}-${index + 1}.png` }));
    await isSettled(Promise.allSettled(pictures), CLOSE_MS);
  }

  async end() {
    // The story has its result already. A browser that does not close is replaced before the next one.
    const isClosed = await isSettled(Promise.all(this.#contexts.map((context) => context.close())), CLOSE_MS);
    if (!isClosed) this.#watch.fail(new DriverTimeout(`the browser has not closed a profile for ${CLOSE_MS} ms`));
    if (!this.#watch.failure) await this.#authress.stopFailing();
  }
}
