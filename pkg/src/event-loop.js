/**
 * Lets the page handle what has come up meanwhile, such as a press or a frame, between two pieces of long work.
 * src/browser/timers.rs does the same while the module works.
 */
export async function yieldToEventLoop() {
  try {
    // Its types are not in TypeScript's library yet.
    const { scheduler } = /** @type {any} */ (globalThis);
    await (scheduler?.yield?.() ?? nextMessage());
  } catch {} // Rejected where it runs within a task that the page has aborted: that ends no work of this client.
}

// A message arrives as soon as the event loop reaches it; a timer comes late in a page that is not visible.
/** @returns {Promise<void>} */
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
