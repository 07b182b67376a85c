// Which part of a module everything in it belongs to.

/** What every page downloads first. */
export const CORE = 'core';

/** Everything that can be reached from `roots`. */
function reach(roots, edges) {
  const reached = new Set();
  const open = [...roots];
  while (open.length > 0) {
    const node = open.pop();
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...(edges.get(node) ?? []));
  }
  return reached;
}

/**
 * A map from each node to its part: to the one that alone needs it, otherwise to the core.
 *
 * @param edges from a node to all it refers to
 * @param roots a map from the name of a part, the core too, to where it begins
 */
export function owners(edges, roots) {
  const owner = new Map();
  for (const [part, begin] of roots) {
    for (const node of reach(begin, edges)) owner.set(node, owner.has(node) || part === CORE ? CORE : part);
  }
  // What the core needs is the core's.
  const shared = [...owner].filter(([, part]) => part === CORE).map(([node]) => node);
  for (const node of reach(shared, edges)) owner.set(node, CORE);
  return owner;
}
