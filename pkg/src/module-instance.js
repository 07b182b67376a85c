// Compiles the module and instantiates it, once for all clients and again after a trap. module-loader.js imports this file when
// the module is first needed; in the package it is dist/module.js.
import build from 'generated:build';
import makeGlue from 'generated:glue';
import { compile } from './compile.js';
import { watch } from './crash-guard.js';
import { yieldToEventLoop } from './event-loop.js';

export { build };

/** The part that is loaded first; others are added to it. */
const CORE = 'core';

/** The promise with this name, or a new one. A rejected promise is removed, so that the next call tries again. */
function once(promises, name, make) {
  promises[name] ??= make().catch((cause) => {
    promises[name] = undefined;
    throw cause;
  });
  return promises[name];
}

/**
 * Starts to load the module.
 * @param options `source(part)`: the location of a part; `prefetched`: the location of the core, with a request that is under
 * way; `usesWasm`: whether WebAssembly is allowed; `javaScript()`: imports the form without it; `onTrap(cause)`: called
 * when an instance traps
 */
export function start({ source, prefetched, usesWasm, javaScript, onTrap }) {
  /** Promises of compiled parts, kept for the next instance. */
  const compiled = {};
  let form;
  let loading;
  let live;
  let hasEverLoaded = false;

  const compiledPart = (part) =>
    once(compiled, part, async () => {
      const request = part === CORE ? prefetched : undefined;
      prefetched = undefined;
      const module = await compile(request?.source ?? source(part), part !== CORE, request);
      const [section] = WebAssembly.Module.customSections(module, 'build');
      if (!section || new TextDecoder().decode(section) !== build) {
        throw new TypeError(
          `the ${part} part of the module and the script are of two builds. Reload the page; otherwise serve both from one version of the package.`,
        );
      }
      return module;
    });

  /** Loads one of the two forms: `{makeGlue, instantiate}`. */
  async function loadForm() {
    if (!usesWasm) return (await javaScript()).default;
    const module = await compiledPart(CORE);
    return { makeGlue, instantiate: async (glue) => (await WebAssembly.instantiate(module, { a: glue })).exports };
  }

  /** Creates an instance: `{classes, add}`. A part must be added before anything in it is called. */
  async function makeInstance() {
    form ??= loadForm();
    const { makeGlue, instantiate } = await form;
    // The glue has the instance's state.
    const classes = makeGlue();
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
    const here = new Set();
    classes.has = (part) => isWhole || here.has(part);
    const added = {};
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

  const instance = (part) => (part && !live?.has(part) ? undefined : live);

  return {
    instance,
    hasLoaded: () => hasEverLoaded,
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
