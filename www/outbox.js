// The mails that the demo shop would have sent. Open a link in another browser to see the cart arrive there.

/** @typedef {{ to: string, subject: string, text: string, code: string | null, link: string }} Mail */

const note = document.querySelector('[data-testid="outbox-note"]');
const list = document.querySelector('[data-testid="mails"]');

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 */
function element(tag, properties, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
}

/** @param {Mail} mail */
function mailItem({ to, subject, text, code, link }) {
  const parts = [element('p', { className: 'fine' }, `To ${to}`), element('h2', {}, subject), element('p', {}, text)];
  if (code) parts.push(element('p', {}, 'Code: ', element('strong', { className: 'code' }, code)));
  // Where the link opens is the reader's choice: another tab of this browser has the same session.
  parts.push(element('p', {}, element('a', { href: link, rel: 'noreferrer' }, 'Open my cart')));
  return element('li', {}, ...parts);
}

async function showMails() {
  const response = await fetch('/api/outbox');
  const { mails, title } = await response.json();
  if (!response.ok) throw new Error(title);
  note?.replaceChildren(mails.length ? '' : 'No mail yet. Ask for one below the cart.');
  list?.replaceChildren(...mails.map(mailItem));
}

showMails().catch((failure) => {
  note?.replaceChildren(`The outbox cannot be read: ${failure instanceof Error ? failure.message : 'unknown reason'}`);
});
