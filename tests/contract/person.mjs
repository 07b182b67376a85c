// Who acts on the pages of identity providers: a person in front of the browser, or a script of the account's owner.

import { pathToFileURL } from 'node:url';

/**
 * @import { Page } from 'playwright-core'
 * @import { Lab, Profile } from './profile.mjs'
 */

/**
 * What such a script exports; docs/contract.md explains it.
 * @typedef {object} PersonScript
 * @property {(page: Page) => Promise<unknown>} signIn signs in with the test account
 * @property {(page: Page) => Promise<unknown>} cancel turns back
 */

const PERSON_MS = 5 * 60_000;

export class Person {
  /**
   * @param {Lab} lab
   * @param {PersonScript | null} script
   */
  constructor(lab, script) {
    this.lab = lab;
    this.script = script;
  }

  /** @param {Lab} lab */
  static async of(lab) {
    const { personScript } = lab.config;
    return new Person(lab, personScript ? await import(pathToFileURL(personScript).href) : null);
  }

  get isThere() {
    return this.script !== null || this.lab.config.headed;
  }

  /**
   * @param {Profile} profile
   * @param {'signIn' | 'cancel'} action
   * @param {string} instruction
   */
  async acts(profile, action, instruction) {
    if (this.script) {
      await this.script[action](profile.page);
      return;
    }
    this.lab.channel.say(`${instruction} You have five minutes.`);
    await profile.page.waitForURL((url) => url.origin === profile.origin, { timeout: PERSON_MS });
  }
}
