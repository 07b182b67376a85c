// The form with which an anonymous shopper has a link to the cart mailed, and confirms the address by a code.

import { findForm, setBusy } from './view.js';

/**
 * @typedef {object} ReminderHandlers
 * @property {(email: string) => Promise<boolean>} send sends the first mail; false if that failed
 * @property {(code: string) => Promise<boolean>} confirm sends the second one
 */

/** @param {ReminderHandlers} handlers */
export function onReminder({ send, confirm }) {
  const [email, code] = [findForm('reminder-form'), findForm('reminder-code-form')];
  submits(email, async (address) => {
    if (!(await send(address))) return;
    code.hidden = false;
    code.querySelector('input')?.focus();
  });
  submits(code, async (digits) => {
    if (!(await confirm(digits))) return;
    code.hidden = true;
  });
}

/**
 * Calls `act` with what the shopper typed, one at a time.
 * @param {HTMLFormElement} form
 * @param {(value: string) => Promise<void>} act
 */
function submits(form, act) {
  const [input, button] = [form.querySelector('input'), form.querySelector('button')];
  if (!input || !button) return;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.hasAttribute('data-busy')) return;
    setBusy(button, true);
    await act(input.value);
    setBusy(button, false);
  });
}
