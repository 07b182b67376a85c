// Compiles the module and instantiates it, once for all clients and again after a trap. module-loader.js imports this file when
// the module is first needed; in the package it is dist/module.js.
import build from 'generated:build';
import makeGlue from 'generated:glue';
import { compile } from './compile.js';
import { watch } from './crash-guard.js';
import { yieldToEventLoop } from './event-loop.js';

export { build };

/**
 * @import { Prefetched, WasmSource } from './compile.js'
 * @typedef {Record<string, any>} Classes the Rust classes and the rest of the glue, with `has(part)`
 * @typedef {{ makeGlue: () => Classes, instantiate: (glue: object) => Promise<WebAssembly.Exports> }} Form
 */

/** The part of the module that is loaded first. Others are added to it. */
const CORE = 'core';

/**
 * The promise that `promises` has by this name, or a new one. One that fails is removed, so that the next call tries again.
 * @template Result
 * @param {Record<string, Promise<Result> | undefined>} promises
 * @param {string} name
 * @param {() => Promise<Result>} make
 * @returns {Promise<Result>}
 */
function once(promises, name, make) {
  const promise =
    promises[name] ??
    make().catch((cause) => {
      promises[name] = undefined;
      throw cause;
    });
  promises[name] = promise;
  return promise;
}

/**
 * @param {object} options
 * @param {(part: string) => WasmSource | PromiseLike<WasmSource>} options.source the location of a part
 * @param {(part: string) => string | undefined} options.integrity the hash of the file of a part, if it is one of the package
 * @param {Prefetched} [options.prefetched] the core's request, if it has been sent
 * @param {boolean} options.usesWasm whether WebAssembly is allowed
 * @param {() => Promise<{ default: Form }>} options.javaScript imports the form without it
 * @param {(cause: unknown) => void} options.onTrap is called when an instance traps
 */
export function start({ source, integrity, prefetched, usesWasm, javaScript, onTrap }) {
  /**
   * The compiled parts, which are kept for the next instance.
   * @type {Record<string, Promise<WebAssembly.Module> | undefined>}
   */
  const compiled = {};
  /** @type {Promise<Form> | undefined} */
  let form;
  /** @type {ReturnType<typeof makeInstance> | undefined} */
  let loading;
  /** @type {Classes | undefined} */
  let live;
  let hasEverLoaded = false;

  /** @param {string} part */
  const compiledPart = (part) =>
    once(compiled, part, async () => {
      const request = part === CORE ? prefetched : undefined;
      prefetched = undefined;
      const module = await compile(request?.source ?? source(part), part !== CORE, request, integrity(part));
      const [section] = WebAssembly.Module.customSections(module, 'build');
      if (!section || new TextDecoder().decode(section) !== build) {
        throw new TypeError(
          `the ${part} part of the module and the script are of two builds. Reload the page; otherwise serve both from one version of the package.`,
        );
      }
      return module;
    });

  /** @returns {Promise<Form>} */
  async function loadForm() {
    if (!usesWasm) return (await javaScript()).default;
    const module = await compiledPart(CORE);
    return {
      makeGlue,
      instantiate: async (glue) =>
        (await WebAssembly.instantiate(module, { a: /** @type {WebAssembly.ModuleImports} */ (glue) })).exports,
    };
  }

  /** An instance. `add` adds a part, before whose end nothing of it may be called. */
  async function makeInstance() {
    form ??= loadForm();
    const { makeGlue: makeClasses, instantiate } = await form;
    // Glue has state, so every instance has its own.
    const classes = makeClasses();
    const guard = watch((cause) => {
      loading = live = undefined;
      onTrap(cause);
    });
    const imports = guard.imports(classes);
    const core = await instantiate(imports);
    const exports = guard.exports(core);
    classes.__wbg_set_wasm(exports);
    await yieldToEventLoop();
    classes.start();
    const isWhole = classes.isWhole();
    /** @type {Set<string>} */
    const here = new Set();
    classes.has = (/** @type {string} */ part) => isWhole || here.has(part);
    /** @type {Record<string, Promise<void> | undefined>} */
    const added = {};
    /** @param {string} part */
    const add = (part) =>
      once(added, part, async () => {
        if (classes.has(part)) return;
        const { exports: more } = await WebAssembly.instantiate(await compiledPart(part), { a: imports, b: core });
        Object.assign(exports, guard.exports(more));
        here.add(part);
      });
    live = classes;
    hasEverLoaded = true;
    return { classes, add };
  }

  /** @param {string} [part] */
  const instance = (part) => (part && !live?.has(part) ? undefined : live);

  return {
    instance,
    hasLoaded: () => hasEverLoaded,
    /** @param {string} [part] */
    async load(part) {
      try {
        // At the same time as the core. A failure shows below.
        if (part && !instance(part) && usesWasm && source(part)) compiledPart(part).catch(() => {});
        loading ??= makeInstance();
        const { classes, add } = await loading;
        if (part) await add(part);
        return classes;
      } catch (cause) {
        if (!live) form = loading = undefined; // The next call tries again.
        throw cause;
      }
    },
  };
}
