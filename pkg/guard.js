// After a trap the memory of an instance is in no state to be used: this is where a trap is seen, and
// where everything that would still call such an instance ends.

/**
 * The exports of an instance, watched. All calls go through here, also those from timers and promises.
 *
 * An exception never leaves an export but by a trap, or by an import that threw where Rust did not
 * expect it and cleaned nothing up: after either the instance is dead. `onDeath` gets the exception.
 */
export function guarded(exports, onDeath) {
  let isDead = false;
  const guard = (call) => (...values) => {
    // The glue may look for parts of a result: there are none.
    if (isDead) return [];
    try {
      return call(...values);
    } catch (cause) {
      if (!isDead) {
        isDead = true;
        onDeath(cause);
      }
      throw cause;
    }
  };
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [name, typeof value === 'function' ? guard(value) : value]),
  );
}
