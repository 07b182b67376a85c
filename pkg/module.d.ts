/** The URL of a file of the module, its bytes, or the compiled module. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

/** Files of the module that are loaded when they are needed. */
export interface WasmParts {
  /** The methods of the account (`getUserProfile`, `getDevices`, …) and `ExtensionClient`. Default: beside the core. */
  account?: WasmSource | PromiseLike<WasmSource>;
}

/**
 * Loads the WebAssembly module now. Without this call the clients load it when they need it.
 *
 * It can be called any number of times, also before a client is created. Where WebAssembly is missing or forbidden, it loads
 * the JavaScript form of the module instead.
 *
 * @param source The location of the module, if it is not where the package has it. It has an effect only before the module
 * starts to load, so pass it before the first `new LoginClient`. Default: beside the script, or inside it.
 * @param parts The locations of the files that are loaded when they are needed.
 * @throws {LoginError} `ModuleLoadFailed` with the reason in `cause`; the next call tries again.
 */
export function initWasm(source?: WasmSource | PromiseLike<WasmSource>, parts?: WasmParts): Promise<void>;
