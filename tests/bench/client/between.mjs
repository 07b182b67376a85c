/**
 * Replaces the text between the marks of this name.
 * @param {string} page
 * @param {string} name
 * @param {string} text
 */
export function between(page, name, text) {
  const marks = new RegExp(`<!-- measured: ${name} -->[^]*<!-- /measured: ${name} -->`);
  if (!marks.test(page)) throw new Error(`the page has no place for ${name}`);
  return page.replace(marks, () => `<!-- measured: ${name} -->\n${text}\n<!-- /measured: ${name} -->`);
}
