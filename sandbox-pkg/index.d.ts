/** A dialect: how the sandbox behaves where servers differ. The switches are listed in the README of `crates/sandbox`. */
export type Dialect = 'default' | 'strict' | { base?: 'default' | 'strict'; [name: string]: unknown };

/** A fake identity provider. */
export interface Connection {
  /** For example `con_google`. */
  connectionId: string;
  /** The name that users see. */
  name: string;
  /** Allows anonymous shoppers to link an identity of this provider. */
  linking?: 'EXPLICIT';
  /** Whether the identity outgrows a cookie. */
  largeProfiles?: boolean;
}

/** The options of `startSandbox`. */
export interface SandboxOptions {
  /** The port on 127.0.0.1. Default: a free one. */
  port?: number;
  /** Default: `default`. */
  dialect?: Dialect;
  /** Begins with `app_`. Default: `app_local`. */
  applicationId?: string;
  /**
   * The addresses of pages that log in. Default: localhost and 127.0.0.1 at the ports 3000, 4173, 4200, 4321, 5173 and 8080.
   */
  redirectUrls?: string[];
  /** Default: `con_acorn` and `con_birch`. */
  connections?: Connection[];
}

/** A running sandbox. */
export interface Sandbox {
  /** The sandbox's origin. */
  readonly url: string;
  /** The page that shows the requests as they happen, without secrets. */
  readonly requestsUrl: string;
  /** The settings of `LoginClient`. */
  readonly settings: {
    readonly authressApiUrl: string;
    readonly applicationId: string;
    readonly anonymousConnectionId: string;
  };
  /**
   * Changes the dialect of the running sandbox. Switches that it does not name are those of the base.
   * @throws {Error} There is no such dialect or switch.
   */
  setDialect(dialect: Dialect): void;
  /**
   * Advances the clock of sandbox and verifier by whole seconds. The browser's clock stays as it is.
   * @throws {Error} It would be ahead by more than ten years.
   */
  advanceClock(seconds: number): void;
  /** Closes all connections. */
  stop(): Promise<void>;
}

/**
 * Starts a local Authress with a verifier on 127.0.0.1.
 *
 * Each sandbox has a WebAssembly instance of its own. If that fails, which is a bug, the sandbox responds to every request with
 * 500 `SandboxTrapped`, and its methods throw an error with this `code`; others go on.
 * @throws {Error} An option is not valid, or the port is in use (`EADDRINUSE`).
 */
export function startSandbox(options?: SandboxOptions): Promise<Sandbox>;
