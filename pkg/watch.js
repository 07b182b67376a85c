// What happens to the page and in other tabs, for the module to know.
import { ofDocument } from './host.js';

/**
 * Reports to `loaded` from now on.
 * @param name of the channel to the same client in other tabs
 * @returns a function that sends a message to them
 */
export function watchBrowser(name, loaded) {
  let channel;
  const tell = (method, ...values) => {
    try {
      loaded.callNow(method, ...values);
    } catch {} // Nobody waits for it, and the next call says what is wrong.
  };
  const wake = () => tell('wake');
  const open = () => {
    channel = undefined;
    try {
      channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => typeof data === 'string' && tell('onMessage', data);
    } catch {} // Old browsers have none; the storage tells of sessions all the same.
  };
  open();
  // An open channel can keep a page out of the back/forward cache.
  addEventListener('pagehide', () => channel?.close());
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    open();
    wake();
  });
  addEventListener('storage', ({ key }) => tell('onStorage', key));
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', () => ofDocument('visibilityState') === 'visible' && wake());
  return (message) => channel?.postMessage(message);
}
