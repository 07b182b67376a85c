// Acts at the sandbox's provider, in place of a person: the tests' script for `person.script` in contract.toml.

/** @import { Page } from 'playwright-core' */

/** @param {Page} page */
export async function signIn(page) {
  await page.getByTestId('user-other').fill('contract');
  await page.getByTestId('continue').click();
}

/** @param {Page} page */
export async function cancel(page) {
  await page.getByTestId('cancel').click();
}
