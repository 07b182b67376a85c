/** The address of the module, its bytes, or the compiled module. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

/**
 * Loads the WebAssembly module now. Without this call the first client loads it.
 *
 * It may be called any number of times, and before any client is made. Where WebAssembly is missing
 * or forbidden, it loads the JavaScript form of the module instead.
 *
 * @param source Where the module is, if the page or its bundler has it elsewhere than the package does.
 * It counts only as long as the module has not begun to load, so call this before the first
 * `new LoginClient`. Default: what the entry brings along.
 * @param accountSource The same for the module's second part, which is only loaded when a method of the account
 * (`getUserProfile`, `getDevices` and the like) or an `ExtensionClient` is used.
 * @throws {LoginError} `ModuleLoadFailed`, with the reason in `cause`; the next call tries again.
 */
export function initWasm(
  source?: WasmSource | PromiseLike<WasmSource>,
  accountSource?: WasmSource | PromiseLike<WasmSource>,
): Promise<void>;
