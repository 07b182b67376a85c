// A tab of WebKit: as much of Playwright's page as the stories use.

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { DriverFailure } from '../../driver-failure.mjs';
import { PAGE_MS } from '../../limits.mjs';
import { Gate } from './gate.mjs';
import { Locator } from './locator.mjs';
import { matcher } from './request.mjs';
import { decode, encode, script } from './wire.mjs';

const PAUSE_MS = 20;

/** Calls the function that the test has written, in the page. What takes its time is asked for later. */
const BEGIN = script(({ encode, decode }, id, text, call) => {
  const result = call(decode(text));
  if (typeof result?.then !== 'function') return { answer: encode(result) };
  const waiting = (window['-answers-'] ??= {});
  waiting[id] = { isPending: true };
  const words = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  result
    .then(
      (it) => ({ answer: encode(it) }),
      (error) => ({ failure: words(error) }),
    )
    .then((it) => {
      waiting[id] = it;
    });
  return { isPending: true };
});
const ASK = script((_, id) => {
  const answer = window['-answers-']?.[id] ?? { isGone: true };
  if (!answer.isPending && !answer.isGone) delete window['-answers-'][id];
  return answer;
});

export class Page {
  #session;
  #handle;
  #context;
  #count = 0;
  #tab;
  #isRouted = false;
  /** Origins whose storage says which tab this is. */
  #marked = new Set();

  constructor(context, session, handle, tab) {
    this.#context = context;
    this.#tab = `${tab}`;
    this.#session = session;
    this.#handle = handle;
  }

  context() {
    return this.#context;
  }

  get clock() {
    return this.#context.clock;
  }

  /** What the driver does in this tab, and no other command meanwhile. */
  async do(work, name) {
    return await this.#session.in(this.#handle, work, name);
  }

  async goto(url) {
    const { origin } = new URL(url);
    await this.do(async (driver) => {
      if (this.#isRouted && !this.#marked.has(origin)) {
        await driver.get(Gate.blank(origin));
        await driver.executeScript('sessionStorage["-tab-"] = arguments[0]', this.#tab);
        this.#marked.add(origin);
      }
      await driver.get(url);
    }, 'open an address');
  }

  async reload() {
    await this.do((driver) => driver.navigate().refresh(), 'reload');
  }

  async goBack() {
    await this.#travel('back');
  }

  async goForward() {
    await this.#travel('forward');
  }

  async url() {
    return await this.do((driver) => driver.getCurrentUrl(), 'read the address');
  }

  async bringToFront() {
    await this.do(() => {}, 'turn to a tab');
  }

  async screenshot({ path }) {
    await writeFile(path, await this.do((driver) => driver.takeScreenshot(), 'take a picture'), 'base64');
  }

  async evaluate(call, value) {
    const id = `${(this.#count += 1)}`;
    // As text, since the page's policy lets no script make a function of a text.
    const text = BEGIN.replace('...arguments', `...arguments, ${call}`);
    let { answer, failure, isPending } = await this.do(
      (driver) => driver.executeScript(text, id, encode(value)),
      'run a script',
    );
    const end = Date.now() + PAGE_MS;
    while (isPending) {
      if (Date.now() > end)
        throw new Error(`the page has not ended a call after ${PAGE_MS} ms, and answers other commands`);
      await setTimeout(PAUSE_MS);
      const seen = await this.do((driver) => driver.executeScript(ASK, id), 'ask for the result of a script');
      if (seen.isGone) throw new Error('the page was left before it had an answer');
      ({ answer, failure, isPending } = seen);
    }
    if (failure) throw new Error(failure);
    return decode(answer);
  }

  /** Looks again and again, also while the page changes, until there is something. */
  async poll(look, what, timeout = this.#context.patience) {
    const end = Date.now() + timeout;
    while (true) {
      let problem = '';
      try {
        const seen = await look();
        if (seen) return seen;
      } catch (error) {
        if (error instanceof DriverFailure) throw error;
        problem = `: ${error.message.split('\n')[0]}`;
      }
      if (Date.now() > end) throw new Error(`${timeout} ms have passed without ${what}${problem}`);
      await setTimeout(PAUSE_MS);
    }
  }

  async waitForURL(expected, { waitUntil } = {}) {
    const fits = matcher(expected);
    await this.poll(async () => {
      const [url, state] = await this.evaluate(() => [location.href, document.readyState]);
      return fits(url) && (waitUntil === 'commit' || state === 'complete');
    }, 'the address');
  }

  async waitForFunction(call, value) {
    await this.poll(() => this.evaluate(call, value), 'what was waited for');
  }

  async waitForSelector(selector) {
    await this.locator(selector).waitFor();
  }

  async waitForTimeout(milliseconds) {
    await setTimeout(milliseconds);
  }

  async waitForRequest(fits) {
    return await this.waitForEvent('request', fits);
  }

  async waitForResponse(fits) {
    return await this.waitForEvent('response', fits);
  }

  async waitForEvent(event, fits = () => true) {
    if (event === 'framenavigated') return await this.#leaves(await this.#mark());
    const signal = AbortSignal.timeout(this.#context.patience);
    while (true) {
      const [seen] = await once(this.#context.gate, event, { signal });
      if (fits(seen)) return seen;
    }
  }

  async #leaves(mark) {
    await this.poll(() => this.evaluate((mark) => !window[mark], mark), 'another page');
  }

  /** By the page's own history: the driver waits for ever for the load of a page that has been kept. */
  async #travel(way) {
    const mark = await this.#mark();
    await this.evaluate((way) => {
      history[way]();
    }, way);
    await this.#leaves(mark);
  }

  /** Marks the page that is shown, under a name that no page before it has had. */
  async #mark() {
    const mark = `-here-${(this.#count += 1)}-`;
    await this.evaluate((mark) => {
      window[mark] = true;
    }, mark);
    return mark;
  }

  on(event, listener) {
    this.#context.on(event, listener);
  }

  async route(pattern, handler) {
    this.#isRouted = true;
    this.#context.gate.addRoute(pattern, handler, this.#tab);
  }

  async unroute(pattern) {
    this.#context.gate.removeRoute(pattern, this.#tab);
  }

  async addInitScript(call, value) {
    await this.#context.addInitScript(call, value);
  }

  locator(selector) {
    return new Locator(this, [{ selector }]);
  }

  getByRole(role, { name } = {}) {
    const selector = { alert: '[role="alert"]', link: 'a[href]', button: 'button' }[role];
    return new Locator(this, [{ selector, name: name && [name.source, name.flags] }]);
  }
}
