// After a trap the memory of an instance is in no state to be used: this is where a trap is seen, and
// where everything that would still call such an instance ends.

const mapFunctions = (object, wrap) =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, typeof value === 'function' ? wrap(value) : value]),
  );

/**
 * Watches over one instance: `imports` and `exports` wrap what goes in and comes out of it. All calls
 * pass here, also those from timers and promises. `onDeath` is called once, with the exception.
 *
 * An exception never leaves an export but by a trap, or by an import that threw where Rust did not
 * expect it and cleaned nothing up: after either the instance is dead.
 */
export function watch(onDeath) {
  let death;
  return {
    imports: (imports) =>
      mapFunctions(imports, (call) => (...values) => {
        // An outer call into the instance may go on when an inner one has trapped: here it stops.
        if (death) throw death.cause;
        return call(...values);
      }),
    exports: (exports) =>
      mapFunctions(exports, (call) => (...values) => {
        // The glue may look for parts of a result: there are none.
        if (death) return [];
        try {
          return call(...values);
        } catch (cause) {
          if (!death) {
            death = { cause };
            onDeath(cause);
          }
          throw cause;
        }
      }),
  };
}
