/**
 * Path and parameters of a request's target or of an address. Unlike `new URL`, it reads every text.
 * @param {string} target
 */
export function addressOf(target) {
  const [whole] = target.split('#', 1);
  const end = whole.indexOf('?');
  const [path, query] = end < 0 ? [whole, ''] : [whole.slice(0, end), whole.slice(end + 1)];
  return { path, query: new URLSearchParams(query) };
}
