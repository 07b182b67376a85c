/** The address of the module, its bytes, or the compiled module. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

/** Where the parts of the module are that are downloaded when they are needed. */
export interface WasmParts {
  /** For the account's methods (`getUserProfile`, `getDevices` and the like) and `ExtensionClient`. Default: what the
   * entry brings along. */
  account?: WasmSource | PromiseLike<WasmSource>;
}

/**
 * Loads the WebAssembly module now. Without this call the first client loads it.
 *
 * It may be called any number of times, and before any client is made. Where WebAssembly is missing
 * or forbidden, it loads the JavaScript form of the module instead.
 *
 * @param source Where the module is, if the page or its bundler has it elsewhere than the package does.
 * It counts only as long as the module has not begun to load, so call this before the first
 * `new LoginClient`. Default: what the entry brings along.
 * @param parts The same for the module's parts, each of which is only loaded when it is needed.
 * @throws {LoginError} `ModuleLoadFailed`, with the reason in `cause`; the next call tries again.
 */
export function initWasm(source?: WasmSource | PromiseLike<WasmSource>, parts?: WasmParts): Promise<void>;
