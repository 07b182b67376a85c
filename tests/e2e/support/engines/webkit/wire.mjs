// Values on their way between the tests and a page. WebDriver carries JSON, which loses what is not
// there and what is no finite number.

/** The text of a value. Runs in pages too, so it refers to nothing outside. */
export function encode(value, mark = '\u0001') {
  return JSON.stringify([value], (_, part) =>
    part === undefined || (typeof part === 'number' && !Number.isFinite(part)) ? { [mark]: String(part) } : part,
  );
}

/** The value of a text. Runs in pages too. */
export function decode(text, mark = '\u0001') {
  const restore = (part) => {
    if (typeof part !== 'object' || part === null) return part;
    if (mark in part) return part[mark] === 'undefined' ? undefined : Number(part[mark]);
    for (const key of Object.keys(part)) part[key] = restore(part[key]);
    return part;
  };
  return restore(JSON.parse(text))[0];
}

/** The text of a script for WebDriver that calls `call` in the page with these two and its arguments. */
export function script(call) {
  return `return (${call})({ encode: ${encode}, decode: ${decode} }, ...arguments);`;
}
