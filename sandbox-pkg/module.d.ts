// What wasm-bindgen generates from crates/sandbox-wasm, as far as the package uses it. TypeScript looks here because the file
// itself exists only after a build.
declare module '*/dist/authress_sandbox.js' {
  /** Glue with an instance of its own. */
  export function glue(): {
    initSync(options: { module: WebAssembly.Module }): unknown;
    LocalAuthress: typeof LocalAuthress;
  };

  class LocalAuthress {
    constructor(configuration: string, nowMs: number);
    handle(method: string, target: string, headers: string[], body: Uint8Array, nowMs: number): LocalResponse;
    setDialect(dialect: string): void;
    advanceClock(seconds: number): void;
  }

  interface LocalResponse {
    readonly status: number;
    readonly headers: string[];
    readonly body: Uint8Array;
    readonly delayMs: number;
    readonly isDropped: boolean;
    free(): void;
  }
}
