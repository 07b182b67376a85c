// Brings the Rust code to life: once for all clients, and anew should it ever crash.
//
// What is named `generated:` comes into being when the package is built; see xtask/package.mjs.
import makeGlue from 'generated:glue';
import defaultSource from 'generated:source';
import loadAccountParts from 'generated:account';
import { compile, isAllowed } from './compile.js';
import { LoginError } from './errors.js';
import { watch } from './guard.js';
import { pause } from './pause.js';

/** A WebAssembly module, or where there is no WebAssembly the JavaScript form, and its one instance. */
class Module {
  #loadParts;
  #given;
  /** How to make an instance; a promise. What was downloaded and compiled is kept for the next one. */
  #form;
  #loading;
  #live;
  #hasLived = false;
  #inFlight = new Set();

  /** @param loadParts gives `{makeGlue, source}`, or a promise of them */
  constructor(loadParts) {
    this.#loadParts = loadParts;
  }

  async #webAssembly() {
    const { makeGlue, source } = await this.#loadParts();
    const module = await compile(this.#given ?? source());
    return {
      makeGlue,
      instantiate: async (glue) => (await WebAssembly.instantiate(module, { a: glue })).exports,
    };
  }

  async #obtainForm() {
    // Lockdown Mode and some hardened browsers have no WebAssembly, a Content-Security-Policy can forbid it.
    if (!isAllowed()) return javaScript();
    try {
      return await this.#webAssembly();
    } catch (cause) {
      // A browser that is too old for the module's features.
      if (cause instanceof WebAssembly.CompileError) return javaScript();
      throw cause;
    }
  }

  #crashed(cause) {
    this.#loading = this.#live = undefined;
    for (const reject of this.#inFlight) reject(new LoginError('InternalError', { cause }));
    this.#inFlight.clear();
  }

  async #start() {
    this.#form ??= this.#obtainForm();
    const { makeGlue, instantiate } = await this.#form;
    // Glue has state of its own, so every instance gets glue of its own.
    const glue = makeGlue();
    const watched = watch((cause) => this.#crashed(cause));
    glue.__wbg_set_wasm(watched.exports(await instantiate(watched.imports(glue))));
    await pause();
    glue.start();
    this.#live = glue;
    this.#hasLived = true;
    return glue;
  }

  /** Where the module is, if nothing is being loaded yet. */
  give(source) {
    if (!this.#loading) this.#given = source ?? this.#given;
  }

  /** The Rust classes, of an instance that is alive. */
  load() {
    this.#loading ??= this.#start().catch((cause) => {
      this.#form = this.#loading = undefined; // The next call tries again.
      throw new LoginError('ModuleLoadFailed', { cause });
    });
    return this.#loading;
  }

  /** The same if they are there already, otherwise undefined. */
  get live() {
    return this.#live;
  }

  /** Whether there has ever been an instance. */
  get hasLived() {
    return this.#hasLived;
  }

  /** Calls `reject` if the module crashes before the returned function is called. */
  rejectOnCrash(reject) {
    this.#inFlight.add(reject);
    return () => this.#inFlight.delete(reject);
  }
}

const javaScript = async () => (await import('./fallback.js')).default;

/** What shoppers need. */
export const core = new Module(() => ({ makeGlue, source: defaultSource }));
/** The same and the methods that few pages call. */
export const account = new Module(loadAccountParts);

/** Loads the module now, and from `source` if it is not being loaded yet. */
export async function initWasm(source, accountSource) {
  core.give(source);
  account.give(accountSource);
  await core.load();
}
