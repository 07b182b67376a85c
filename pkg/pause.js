// Long work in pieces, so that a press or a frame does not have to wait for all of it.

/** Lets the page do what has come up meanwhile. */
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
