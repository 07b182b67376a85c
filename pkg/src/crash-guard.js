// Detects a trap of the module. Its memory is inconsistent afterwards, so no later call reaches that instance.

const mapFunctions = (object, wrap) =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, typeof value === 'function' ? wrap(value) : value]),
  );

/**
 * Guards one instance: `imports` and `exports` wrap its functions. All calls pass here, also those from timers and promises.
 * `onTrap` is called once, with the exception.
 *
 * An exception leaves an export only after a trap, or if an import threw where Rust did not expect it and so cleaned nothing
 * up. After either the instance is unusable.
 */
export function watch(onTrap) {
  let trap;
  return {
    imports: (imports) =>
      mapFunctions(imports, (call) => (...values) => {
        // An outer call of the instance may continue after an inner one has trapped: it ends here.
        if (trap) throw trap.cause;
        return call(...values);
      }),
    exports: (exports) =>
      mapFunctions(exports, (call) => (...values) => {
        // The glue may read members of a result: there are none.
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
