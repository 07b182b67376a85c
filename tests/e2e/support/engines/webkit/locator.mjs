// Finds elements of a page, anew for each use, as Playwright's locator does.

/** @import { WebElement } from 'selenium-webdriver' */
/** @import { Page } from './page.mjs' */

/** @typedef {{ selector: string, name?: [source: string, flags: string] }} Step */

/**
 * All elements that a locator's steps lead to. Runs in pages.
 * @param {Step[]} steps
 */
const find = (steps) =>
  steps.reduce(
    (/** @type {ParentNode[]} */ roots, { selector, name }) =>
      roots
        .flatMap((root) => [...root.querySelectorAll(selector)])
        .filter((it) => !name || new RegExp(...name).test(it.textContent ?? '')),
    [document],
  );

/**
 * Where an element can be pressed, null if it cannot: something may cover an edge of the window. Runs in pages.
 * @param {HTMLButtonElement} element
 */
const pressablePoint = (element) => {
  if (element.disabled) return null;
  for (const block of /** @type {const} */ (['nearest', 'center', 'end', 'start'])) {
    element.scrollIntoView({ behavior: 'instant', block });
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    if (element.contains(document.elementFromPoint(x, y))) return `${x} ${y}`;
  }
  return null;
};

export class Locator {
  #page;
  #steps;

  /**
   * @param {Page} page
   * @param {Step[]} steps
   */
  constructor(page, steps) {
    this.#page = page;
    this.#steps = steps;
  }

  /** @param {string} selector */
  locator(selector) {
    return new Locator(this.#page, [...this.#steps, { selector }]);
  }

  async waitFor({ state = 'visible' } = {}) {
    await this.#page.poll(
      () =>
        this.#evaluate((element, wanted) => {
          if (wanted === 'detached') return !element;
          return Boolean(element?.checkVisibility({ visibilityProperty: true })) === (wanted === 'visible');
        }, state),
      `${this} being ${state}`,
    );
  }

  async isVisible() {
    return await this.#evaluate((element) => Boolean(element?.checkVisibility({ visibilityProperty: true })));
  }

  async click() {
    await this.#act((element) => element.click());
  }

  /** @param {string} text */
  async fill(text) {
    await this.#act(async (element) => {
      await element.clear();
      await element.sendKeys(text);
    });
  }

  async innerText() {
    return await this.#read((element) => element.innerText);
  }

  /**
   * @param {string} name
   * @param {{ timeout?: number }} [options]
   */
  async getAttribute(name, { timeout } = {}) {
    return await this.#read((element, attribute) => element.getAttribute(attribute), name, timeout);
  }

  /** @param {Function} call */
  async evaluateAll(call) {
    return await this.#page.evaluate(`(steps) => (${call})((${find})(steps))`, this.#steps);
  }

  toString() {
    return this.#steps.map(({ selector, name }) => `${selector}${name ? ` /${name[0]}/` : ''}`).join(' ');
  }

  /**
   * Calls a function in the page with the first element, or undefined.
   * @param {(element: any, value: any) => unknown} call
   * @param {unknown} [value]
   */
  #evaluate(call, value) {
    return this.#page.evaluate(`([steps, value]) => (${call})((${find})(steps)[0], value)`, [this.#steps, value]);
  }

  /**
   * Calls a function in the page with the first element, as soon as there is one.
   * @param {(element: any, value: any) => unknown} call
   * @param {unknown} [value]
   * @param {number} [timeout]
   */
  async #read(call, value, timeout) {
    const [result] = await this.#page.poll(
      () =>
        this.#page
          .evaluate(`([steps, value]) => (${find})(steps).slice(0, 1).map((element) => (${call})(element, value))`, [
            this.#steps,
            value,
          ])
          .then((/** @type {unknown[]} */ results) => results.length > 0 && results),
      `${this}`,
      timeout,
    );
    return result;
  }

  /**
   * Acts on the element as soon as it is shown, does not move, and is not covered.
   * @param {(element: WebElement) => Promise<void>} work
   */
  async #act(work) {
    await this.waitFor();
    /** @type {unknown} */
    let point;
    await this.#page.poll(async () => {
      // The driver presses where the element was before, even if it has moved.
      const before = point;
      point = await this.#evaluate(pressablePoint);
      if (!point || point !== before) return false;
      await this.#page.do(async (driver) => {
        await work(await driver.executeScript(`return (${find})(...arguments)[0]`, this.#steps));
      }, `press or fill ${this}`);
      return true;
    }, `${this} being ready`);
  }
}
