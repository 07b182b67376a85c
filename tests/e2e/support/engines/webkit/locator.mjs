// A place on a page, looked for anew each time.

/** All elements that a locator's steps lead to. Runs in pages. */
const find = (steps) =>
  steps.reduce(
    (roots, { selector, name }) =>
      roots
        .flatMap((root) => [...root.querySelectorAll(selector)])
        .filter((it) => !name || new RegExp(...name).test(it.textContent)),
    [document],
  );

/** Where an element can be pressed, null if it cannot: something may lie over an edge of the window. Runs in pages. */
const reach = (element) => {
  if (element.disabled) return null;
  for (const block of ['nearest', 'center', 'end', 'start']) {
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

  constructor(page, steps) {
    this.#page = page;
    this.#steps = steps;
  }

  locator(selector) {
    return new Locator(this.#page, [...this.#steps, { selector }]);
  }

  async waitFor({ state = 'visible' } = {}) {
    await this.#page.poll(
      () =>
        this.#look((element, state) => {
          if (state === 'detached') return !element;
          return Boolean(element?.checkVisibility({ visibilityProperty: true })) === (state === 'visible');
        }, state),
      `${this} being ${state}`,
    );
  }

  async isVisible() {
    return await this.#look((element) => Boolean(element?.checkVisibility({ visibilityProperty: true })));
  }

  async click() {
    // Once it is there and nothing lies on it.
    await this.#act((element) => element.click());
  }

  async fill(text) {
    await this.#act(async (element) => {
      await element.clear();
      await element.sendKeys(text);
    });
  }

  async innerText() {
    return await this.#read((element) => element.innerText);
  }

  async getAttribute(name, { timeout } = {}) {
    return await this.#read((element, name) => element.getAttribute(name), name, timeout);
  }

  async evaluateAll(call) {
    return await this.#page.evaluate(`(steps) => (${call})((${find})(steps))`, this.#steps);
  }

  toString() {
    return this.#steps.map(({ selector, name }) => `${selector}${name ? ` /${name[0]}/` : ''}`).join(' ');
  }

  #look(call, value) {
    return this.#page.evaluate(`([steps, value]) => (${call})((${find})(steps)[0], value)`, [this.#steps, value]);
  }

  async #read(call, value, timeout) {
    const [found] = await this.#page.poll(
      () =>
        this.#page
          .evaluate(`([steps, value]) => (${find})(steps).slice(0, 1).map((element) => (${call})(element, value))`, [
            this.#steps,
            value,
          ])
          .then((all) => all.length > 0 && all),
      `${this}`,
      timeout,
    );
    return found;
  }

  async #act(work) {
    await this.waitFor();
    let place;
    await this.#page.poll(async () => {
      // The driver presses where the element was a moment ago, whatever has moved there meanwhile.
      const before = place;
      place = await this.#look(reach);
      if (!place || place !== before) return false;
      await this.#page.do(async (driver) => {
        await work(await driver.executeScript(`return (${find})(...arguments)[0]`, this.#steps));
      }, `press or fill ${this}`);
      return true;
    }, `${this} being ready for it`);
  }
}
