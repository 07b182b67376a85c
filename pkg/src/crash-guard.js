// After a trap the memory of an instance is in no state to be used. This guard detects the trap, and stops every later call into
// the instance.

/** @typedef {(...values: any[]) => any} Call */

/** @type {(object: object, wrap: (call: Call) => Call) => Record<string, any>} */
const mapFunctions = (object, wrap) =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, typeof value === 'function' ? wrap(value) : value]),
  );

/**
 * Guards one instance: `imports` and `exports` wrap all calls out of it and into it, also those from timers and promises.
 *
 * An exception leaves an export after a trap only, or if an import threw where Rust did not expect it and cleaned nothing up.
 * After either the instance must not be used.
 * @param {(cause: unknown) => void} onTrap is called once, with the exception
 */
export function watch(onTrap) {
  /** @type {{ cause: unknown } | undefined} */
  let trap;
  return {
    /** @param {object} imports */
    imports: (imports) =>
      mapFunctions(imports, (call) => (...values) => {
        // An outer call into the instance may go on after an inner one has trapped: it ends here.
        if (trap) throw trap.cause;
        return call(...values);
      }),
    /** @param {object} exports */
    exports: (exports) =>
      mapFunctions(exports, (call) => (...values) => {
        // The glue may read parts of a result, of which there are none.
        if (trap) return [];
        try {
          return call(...values);
        } catch (cause) {
          if (!trap) {
            trap = { cause };
            onTrap(cause);
          }
          throw cause;
        }
      }),
  };
}
