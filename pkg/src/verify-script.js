// Loads scripts whose bytes are those of the build.

/** How long the browser may take to preload a file, and to report a policy violation after that failed, in milliseconds. */
const [PRELOAD_MS, REPORT_MS] = [10_000, 100];

/**
 * Preloads a module script with its hash: `import()` has no parameter for one, and evaluates what was preloaded.
 * https://html.spec.whatwg.org/multipage/links.html#link-type-modulepreload
 * @param {string} href
 * @param {string} integrity
 * @returns {Promise<boolean | undefined>} whether it has arrived; undefined if the browser has no preloads, the page's
 * policy forbids them, or it takes long
 */
function preloaded(href, integrity) {
  const link = document.createElement('link');
  if (!link.relList?.supports?.('modulepreload')) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    /** @type {false | undefined} */
    let failed = false;
    /** @param {SecurityPolicyViolationEvent} event */
    const onViolation = ({ blockedURI, disposition }) => {
      if (blockedURI && disposition !== 'report' && href.startsWith(blockedURI)) failed = undefined;
    };
    /** @param {boolean} [hasArrived] */
    const end = (hasArrived) => {
      clearTimeout(timer);
      link.remove();
      document.removeEventListener('securitypolicyviolation', onViolation);
      resolve(hasArrived || failed);
    };
    document.addEventListener('securitypolicyviolation', onViolation);
    const onload = () => end(true);
    const onerror = () => setTimeout(end, REPORT_MS);
    // The page's policy may name scripts by a nonce, which all of its scripts have.
    const nonce = document.querySelector('script')?.nonce ?? '';
    Object.assign(link, { rel: 'modulepreload', integrity, href, nonce, onload, onerror });
    const timer = setTimeout(() => {
      failed = undefined; // The network is slow, or the browser reports nothing.
      end();
    }, PRELOAD_MS);
    (document.head ?? document.documentElement).append(link);
  });
}

/** @type {(href: string, options: RequestInit) => Promise<boolean>} */
const isFetched = (href, options) =>
  fetch(href, options).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * Makes sure that a module script which is imported next has the bytes of the build.
 * @param {string} file
 * @param {string} href
 * @param {string} hash
 */
export async function verify(file, href, hash) {
  // Without a preload the browser may fetch the file again: a server that responds to that with other bytes is not noticed.
  if ((await preloaded(href, hash)) ?? (await isFetched(href, { integrity: hash }))) return;
  throw new TypeError(
    (await isFetched(href, { cache: 'reload' }))
      ? `${file} has other bytes than those of this script's build (integrity): it was changed, or is of another build`
      : `${file} could not be fetched`,
  );
}
