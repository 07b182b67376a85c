// Brings the Rust code to life: once for all clients, and anew should it ever crash.
//
// What is named `generated:` comes into being when the package is built; see xtask/package.mjs.
import makeGlue, { build } from 'generated:glue';
import defaultSources from 'generated:sources';
import { compile, isAllowed } from './compile.js';
import { LoginError } from './errors.js';
import { watch } from './guard.js';
import { yieldToEventLoop } from './event-loop.js';
import { hasPage } from './without-page.js';

/** The part of the module that every page needs. Others are added to it. */
const CORE = 'core';

/** Calls that an instance's end rejects. */
const inFlight = new Set();
/** Where parts are, if the page has said so. */
const givenSources = {};
/** Promises, kept for the next instance: from a part to what was downloaded and compiled. */
const compiled = {};
let form;
let loading;
let live;
let hasEverLived = false;

/** The promise that `promises` has by this name, or a new one; one that fails is forgotten: the next call tries again. */
function once(promises, name, make) {
  promises[name] ??= make().catch((cause) => {
    promises[name] = undefined;
    throw cause;
  });
  return promises[name];
}

const compiledPart = (part) =>
  once(compiled, part, async () => {
    const module = await compile(givenSources[part] ?? defaultSources[part]?.(), part !== CORE);
    const [section] = WebAssembly.Module.customSections(module, 'build');
    if (!section || new TextDecoder().decode(section) !== build) {
      throw new TypeError(
        `the ${part} part of the module and the script are of two builds. Reload the page; otherwise serve both from one version of the package.`,
      );
    }
    return module;
  });

/** Begins to load a part that will be needed, beside what is loaded already. Whether it succeeds shows when it is. */
function expect(part) {
  if ((givenSources[part] ?? defaultSources[part]) && isAllowed()) compiledPart(part).catch(() => {});
}

async function javaScript() {
  try {
    return (await defaultSources.javaScript()).default;
  } catch (cause) {
    throw new TypeError(
      `${cause?.message ?? cause}. Serve dist/fallback.js too, or allow 'wasm-unsafe-eval' in script-src.`,
      { cause },
    );
  }
}

/** How to make an instance: `{makeGlue, instantiate}`. */
async function obtainForm() {
  // Lockdown Mode and some hardened browsers have no WebAssembly, old ones too little of it, and a Content-Security-Policy
  // can forbid it.
  if (!isAllowed()) return javaScript();
  const module = await compiledPart(CORE);
  return { makeGlue, instantiate: async (glue) => (await WebAssembly.instantiate(module, { a: glue })).exports };
}

function crashed(cause) {
  loading = live = undefined;
  for (const reject of inFlight) reject(new LoginError('InternalError', { cause }));
  inFlight.clear();
}

/** An instance: `{classes, add}`; `add` is to be waited for before anything of a part is called. */
async function start() {
  form ??= obtainForm();
  const { makeGlue, instantiate } = await form;
  // Glue has state of its own, so every instance gets glue of its own.
  const classes = makeGlue();
  const watched = watch(crashed);
  const imports = watched.imports(classes);
  const core = await instantiate(imports);
  const exports = watched.exports(core);
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
      Object.assign(exports, watched.exports(more));
      here.add(part);
    });
  live = classes;
  hasEverLived = true;
  return { classes, add };
}

/** The Rust classes, of an instance that is alive and has this part. */
export async function load(part) {
  try {
    if (part && !alive(part)) expect(part);
    loading ??= start();
    const { classes, add } = await loading;
    if (part) await add(part);
    return classes;
  } catch (cause) {
    if (!live) form = loading = undefined; // The next call tries again.
    // What serves the core serves the parts: if they cannot be fetched, it is the network.
    throw new LoginError(part && live && cause?.isUnanswered ? 'AuthressSdkNetworkError' : 'ModuleLoadFailed', {
      cause,
    });
  }
}

/** The same if they are there already, otherwise undefined. */
export const alive = (part) => (part && !live?.has(part) ? undefined : live);

/** Whether there has ever been an instance. */
export const hasLived = () => hasEverLived;

/** Calls `reject` if the instance crashes before the returned function is called. */
export function rejectOnCrash(reject) {
  inFlight.add(reject);
  return () => inFlight.delete(reject);
}

/** Loads the module now, and from `source` if it is not being loaded yet; its parts, when they are needed, from `parts`. */
export async function initWasm(source, parts) {
  if (!loading) givenSources[CORE] = source ?? givenSources[CORE];
  Object.assign(givenSources, parts);
  if (hasPage()) await load();
}
