// What the module asks of the classes in JavaScript, and what both have of the browser: src/browser does the rest.

/** The longest a browser's timer can be set to, in milliseconds: about 24.8 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What of an error a logger is told. */
const TOLD = ['code', 'status', 'serverCode'];

/** Lets the page do what has come up meanwhile: a press or a frame must not have to wait for all of long work. */
export async function pause() {
  try {
    await (globalThis.scheduler?.yield?.() ?? nextMessage());
  } catch {} // A task of the page that it has aborted ends no work of ours.
}

// A message comes as soon as it is its turn; a timer comes late where a page is not in sight.
function nextMessage() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Whether it is an object or function, of whatever realm. */
const isObject = (value) => Object(value) === value;

/**
 * A property of the document itself, undefined where there is no document. An element with a name hides the property of
 * that name (`<form name="cookie">`), but not what the document's prototypes have.
 * https://html.spec.whatwg.org/multipage/dom.html#dom-document-nameditem
 */
export function ofDocument(name) {
  const { document } = globalThis;
  const value = document?.[name];
  return isObject(value) ? Reflect.get(Object.getPrototypeOf(document), name, document) : value;
}

/** The module's host for a class with these loggers, which get what `toError` makes of the module's errors; one without
 * listeners. */
export const makeHost = (loggers, toError) => ({
  /** Says what happened, and the code of what went wrong, never a value. */
  log(level, title, error) {
    const entry = { title };
    const said = error && toError(error);
    for (const name of TOLD) if (said?.[name] !== undefined) entry[name] = said[name];
    for (const logger of loggers) logger[level]?.(entry);
  },
  emit() {},
});
