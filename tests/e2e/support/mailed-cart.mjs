// The link to a cart that the shop mails, as a shopper asks for it. The demo's mails are in its outbox.

import assert from 'node:assert/strict';

/** @import { Shop } from './shop.mjs' */

/** @typedef {{ to: string, subject: string, text: string, code: string | null, link: string }} Mail */

/**
 * Has a link to the cart mailed.
 * @param {Shop} shop with an anonymous cart
 * @param {string} email
 * @returns {Promise<Mail>} the first mail
 */
export async function askForLink(shop, email) {
  await shop.find('reminder').locator('summary').click();
  await shop.find('reminder-form').locator('input').fill(email);
  await shop.find('reminder-form').locator('button').click();
  await shop.showsMessage('ReminderSent');
  return await lastMailTo(shop, email);
}

/**
 * Confirms the address.
 * @param {Shop} shop
 * @param {Mail} mail the first mail
 * @returns {Promise<string>} the link that keeps the user id
 */
export async function confirmAddress(shop, { to, code }) {
  await shop.find('reminder-code-form').locator('input').fill(`${code}`);
  await shop.find('reminder-code-form').locator('button').click();
  await shop.showsMessage('ReminderConfirmed');
  const { link } = await lastMailTo(shop, to);
  assert.match(link, /#inviteId=/);
  return link;
}

/**
 * Opens a mailed link in a browser without a page of the shop: a fragment alone loads no page.
 * @param {Shop} shop
 * @param {string} link
 */
export async function openLink(shop, link) {
  await shop.open(link.slice(shop.stack.shopUrl.length));
  await shop.showsMessage('CartWaiting');
}

/**
 * Signs in by the message of a mailed link.
 * @param {Shop} shop
 * @param {string} account
 */
export async function signInForCart(shop, account) {
  await shop.press('open-mailed-cart');
  await shop.press('provider-con_acorn');
  await shop.isAtProvider('con_acorn');
  await shop.pick(account);
}

/**
 * @param {Shop} shop
 * @param {string} email
 * @returns {Promise<Mail>}
 */
async function lastMailTo({ page }, email) {
  const mails = await page.evaluate(async () => (await (await fetch('/api/outbox')).json()).mails);
  const mail = mails.find((/** @type {Mail} */ { to }) => to === email);
  assert.ok(mail, `there is a mail to ${email}`);
  return mail;
}
