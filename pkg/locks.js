// Web Locks, https://www.w3.org/TR/web-locks/.

/** Waits for the lock and holds it until `signal` is aborted; whether there is one, or browsers have none. */
export async function lock(name, signal) {
  try {
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    return await new Promise((resolve, reject) => {
      const hold = () => {
        resolve(true);
        return aborted;
      };
      navigator.locks.request(name, { signal }, hold).catch(reject);
    });
  } catch {
    return false;
  }
}
