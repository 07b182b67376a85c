// Turns wasm-bindgen's JavaScript into a function that creates it: the glue keeps an instance's state in variables, and after a
// trap a new instance needs its own.

/** The export that starts an instance. */
const START = '__wbindgen_start';
const EXPORT = /^export (?=function |class |const |let )/gm;
const EXPORTED_NAME = /^export (?:function|class|const|let) (\w+)/gm;
const FUNCTION = /^export function (\w+)(\(.*\) \{\n[\s\S]*?^\}.*)$/gm;
/** The inner function of one that converts a JavaScript exception into a value of the module. */
const GUARDED_FUNCTION = /\(function (\(.*\) \{\n[\s\S]*?^\}), arguments\)/gm;

/**
 * Puts functions in parentheses. Engines expect such functions to be called at once and compile them with the script, off the
 * main thread. Others are compiled on the main thread when they are first called, and the module calls nearly all of them
 * while it starts. Minifiers keep parentheses around arguments.
 * @param {string} glue
 */
function compiledEarly(glue) {
  const functions = [...glue.matchAll(FUNCTION)].map(([, name, rest]) => ({
    name,
    text: `(function ${rest.replace(GUARDED_FUNCTION, '((function $1), arguments)')})`,
  }));
  return `${glue.replace(FUNCTION, '')}
const [${functions.map(({ name }) => name).join(', ')}] = Array.of(${functions.map(({ text }) => text).join(',\n')});`;
}

/** Methods and finalizers that free the module's clients: a client's own task keeps it as long as its page. */
const FREEING = [
  /^ {4}(?:__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm,
  /^ +\w+Finalization\.register\(.*\n/gm,
  /^if \(Symbol\.dispose\).*\n/gm,
  /^const \w+Finalization = [\s\S]*?;\n/gm,
];

/**
 * @param {string} glue
 */
function withoutFreeing(glue) {
  const rest = FREEING.reduce((text, pattern) => text.replace(pattern, ''), glue);
  if (/Finalization\b|Symbol\.dispose|\.free\b/.test(rest)) throw new Error('the glue frees classes in an unknown way');
  return rest;
}

/**
 * The module's exports that the glue does not use.
 * @type {(glue: string, exports: string[]) => string[]}
 */
export const unusedExports = (glue, exports) =>
  exports.filter((name) => !withoutFreeing(glue).includes(`wasm.${name}`) && name !== START);

/**
 * The text of an ES module whose default export creates the glue.
 * @param {string} glue wasm-bindgen's output for bundlers
 * @param {string} beyondCore an export that the whole module has and its core has not
 * @param {{ imports: Map<string, string>, exports: Map<string, string> }} names from original to short names
 */
export function makeFactory(glue, beyondCore, names = { imports: new Map(), exports: new Map() }) {
  if (/^(import|export \{|export default)/m.test(glue))
    throw new Error('the glue has imports or exports of an unknown form');
  const exported = [...glue.matchAll(EXPORTED_NAME)].map(([, name]) => name);
  for (const name of names.imports.keys()) {
    if (!exported.includes(name)) throw new Error(`the module imports ${name}, which the glue does not have`);
  }
  /** @param {string} name */
  const short = (name) => names.exports.get(name) ?? name;
  const members = exported.map((name) => `${JSON.stringify(names.imports.get(name) ?? name)}: ${name}`);
  const body = compiledEarly(withoutFreeing(glue))
    .replace(EXPORT, '')
    .replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${short(name)}`);
  return `export default (() => {
${body}
return { ${members.join(', ')}, start: () => wasm.${short(START)}?.(), isWhole: () => ${JSON.stringify(short(beyondCore))} in wasm };
});
`;
}
