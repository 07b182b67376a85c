// Brings the Rust code to life: once for all clients, and anew should it ever crash.
//
// What is named `generated:` comes into being when the package is built; see xtask/package.mjs.
import makeGlue from 'generated:glue';
import defaultSource from 'generated:source';
import { compile, isAllowed } from './compile.js';
import { LoginError } from './errors.js';
import { watch } from './guard.js';

const inFlight = new Set();
let given;
/** How to make an instance; a promise. What was downloaded and compiled is kept for the next one. */
let form;
let loading;
let live;

async function webAssembly() {
  const module = await compile(given ?? defaultSource());
  return {
    makeGlue,
    instantiate: async (glue) => (await WebAssembly.instantiate(module, { a: glue })).exports,
  };
}

async function javaScript() {
  return (await import('./fallback.js')).default;
}

async function obtainForm() {
  // Lockdown Mode and some hardened browsers have no WebAssembly, a Content-Security-Policy can forbid it.
  if (!isAllowed()) return javaScript();
  try {
    return await webAssembly();
  } catch (cause) {
    // A browser that is too old for the module's features.
    if (cause instanceof WebAssembly.CompileError) return javaScript();
    throw cause;
  }
}

function crashed(cause) {
  loading = live = undefined;
  for (const reject of inFlight) reject(new LoginError('InternalError', { cause }));
  inFlight.clear();
}

async function start() {
  form ??= obtainForm();
  const { makeGlue, instantiate } = await form;
  // Glue has state of its own, so every instance gets glue of its own.
  const glue = makeGlue();
  const watched = watch(crashed);
  glue.__wbg_set_wasm(watched.exports(await instantiate(watched.imports(glue))));
  glue.start();
  live = glue;
  return glue;
}

/** The Rust classes, of an instance that is alive. */
export function load() {
  loading ??= start().catch((cause) => {
    form = loading = undefined; // The next call tries again.
    throw new LoginError('ModuleLoadFailed', { cause });
  });
  return loading;
}

/** The same if they are there already, otherwise undefined. */
export function loaded() {
  return live;
}

/** Calls `reject` if the module crashes before the returned function is called. */
export function rejectOnCrash(reject) {
  inFlight.add(reject);
  return () => inFlight.delete(reject);
}

/** Loads the module now, and from `source` if it is not being loaded yet. */
export async function initWasm(source) {
  if (!loading) given = source ?? given;
  await load();
}
