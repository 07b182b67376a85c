/**
 * Whether it is an object or function, of any realm.
 * @param {unknown} value
 */
const isObject = (value) => Object(value) === value;

/**
 * A property of the document itself, undefined where there is no document. An element with a name hides the property of
 * that name (`<form name="cookie">`), but not what the document's prototypes have. src/browser/window.rs does the same.
 * https://html.spec.whatwg.org/multipage/dom.html#dom-document-nameditem
 * @param {string} name
 * @returns {any}
 */
export function documentProperty(name) {
  const { document } = globalThis;
  const value = /** @type {any} */ (document)?.[name];
  return isObject(value) ? Reflect.get(Object.getPrototypeOf(document), name, document) : value;
}
