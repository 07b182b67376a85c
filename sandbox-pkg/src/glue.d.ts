// What wasm-bindgen generates from crates/sandbox-wasm, as far as the package uses it.

/** Glue with a WebAssembly instance of its own. */
export interface Glue {
  initSync(options: { module: WebAssembly.Module }): unknown;
  LocalAuthress: new (configuration: string, nowMs: number) => LocalAuthress;
}

export interface LocalAuthress {
  handle(method: string, target: string, headers: string[], body: Uint8Array, nowMs: number): LocalResponse;
  setDialect(dialect: string): void;
  advanceClock(seconds: number): void;
}

export interface LocalResponse {
  readonly status: number;
  readonly headers: string[];
  readonly body: Uint8Array;
  readonly delayMs: number;
  readonly isDropped: boolean;
  free(): void;
}
