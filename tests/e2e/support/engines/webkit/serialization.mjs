// Serializes values between tests and pages. WebDriver carries JSON, which loses `undefined` and numbers that are not
// finite.

/**
 * Serializes a value. Runs in pages too, so it refers to nothing outside.
 * @param {unknown} value
 * @param {string} mark the key of an object that stands for a value which JSON has not
 */
export function encode(value, mark = '\u0001') {
  return JSON.stringify([value], (_, part) =>
    part === undefined || (typeof part === 'number' && !Number.isFinite(part)) ? { [mark]: String(part) } : part,
  );
}

/**
 * Parses a serialized value. Runs in pages too.
 * @param {string} text
 * @returns {any}
 */
export function decode(text, mark = '\u0001') {
  /** @type {(part: any) => any} */
  const restore = (part) => {
    if (typeof part !== 'object' || part === null) return part;
    if (mark in part) return part[mark] === 'undefined' ? undefined : Number(part[mark]);
    for (const key of Object.keys(part)) part[key] = restore(part[key]);
    return part;
  };
  return restore(JSON.parse(text))[0];
}

/**
 * A script for WebDriver that calls `call` in the page, with these two functions and the script's arguments.
 * @param {(codec: { encode: typeof encode, decode: typeof decode }, ...values: any[]) => unknown} call
 */
export function script(call) {
  return `return (${call})({ encode: ${encode}, decode: ${decode} }, ...arguments);`;
}
