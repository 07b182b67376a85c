// The browser of this process: Chromium, unless ENGINE names `firefox` or `webkit`.
//
// Each engine is a file that can do the same few things, spelt as Playwright spells them: the stories
// are written once. A story that needs what an engine cannot do is skipped: see `abilities.mjs`.

import assert from 'node:assert/strict';

export const engineName = process.env.ENGINE || 'chromium';
assert.ok(['chromium', 'firefox', 'webkit'].includes(engineName), `there is no engine ${engineName}`);
const engine = await import(`./engines/${engineName}.mjs`);

/** Starts the browser so that it finds the stack's names. */
export const launch = engine.launch;

/** What the address becomes when a page cannot be reached, as `waitForURL` takes it. */
export const isErrorPage = engine.isErrorPage;

/** Whether an error that nobody caught comes from a script. */
export const isOfThePage = engine.isOfThePage;

/** Makes the shop's pages have the Content-Security-Policy that `rewrite` makes of theirs. */
export const rewritePolicy = engine.rewritePolicy;

/** The addresses that Back and Forward lead to, as far as the browser tells. */
export const historyOf = engine.historyOf;
