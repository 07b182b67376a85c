import integrity from 'generated:integrity';

/** How long the browser may take to preload a file, and to report a policy violation after that failed, in milliseconds. */
const [PRELOAD_MS, REPORT_MS] = [10_000, 100];

// A classic script only knows its address and nonce while it runs for the first time.
const { src: address, nonce } = /** @type {Partial<HTMLScriptElement>} */ (globalThis.document?.currentScript ?? {});

/**
 * The folder of the files. A CDN may serve the script at the package's bare address, without the name of the file.
 * @param {unknown} core
 */
function folder(core) {
  const isAddress = typeof core === 'string' || core instanceof URL;
  if (!address && isAddress) return new URL(core, document.baseURI);
  if (!address)
    throw new TypeError(
      'the script has no address of its own, as in a loader of scripts. Name the module with AuthressLogin.initWasm(url).',
    );
  const { href, pathname } = new URL(address);
  return /\/authress-login-wasm(@[^/]*)?\/?$/.test(pathname) ? `${href.replace(/[/?#]*$/, '')}/dist/` : href;
}

/** @type {(file: string, core?: unknown) => URL} */
const beside = (file, core) => new URL(file, folder(core));

/**
 * Preloads a module script with its hash: `import()` has no parameter for one, and evaluates what was preloaded.
 * https://html.spec.whatwg.org/multipage/links.html#link-type-modulepreload
 * @param {string} href
 * @param {string} integrity
 * @returns {Promise<boolean | undefined>} whether it has arrived; undefined if the browser has no preloads, or the page's policy
 * forbids them
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
      link.remove();
      document.removeEventListener('securitypolicyviolation', onViolation);
      resolve(hasArrived || failed);
    };
    document.addEventListener('securitypolicyviolation', onViolation);
    const onload = () => end(true);
    const onerror = () => setTimeout(end, REPORT_MS);
    Object.assign(link, { rel: 'modulepreload', integrity, href, nonce: nonce ?? '', onload, onerror });
    setTimeout(end, PRELOAD_MS);
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
 * Imports a module script whose bytes are those of the build.
 * @param {string} file
 * @param {unknown} core the location of the core that the page has given: the other files are beside it if the script has no
 * address
 */
async function imported(file, core) {
  const { href } = beside(file, core);
  const hash = integrity[file];
  // Without a preload the browser may fetch the file again: a server that responds to that with other bytes is not noticed.
  if ((await preloaded(href, hash)) ?? (await isFetched(href, { integrity: hash }))) return import(href);
  throw new TypeError(
    (await isFetched(href, { cache: 'reload' }))
      ? `${file} has other bytes than those of this script's build (integrity): it was changed, or is of another build`
      : `${file} could not be fetched`,
  );
}

export default {
  integrity,
  core: () => beside('authress_login_wasm_bg.wasm'),
  account: (/** @type {unknown} */ core) => beside('account_bg.wasm', core),
  module: (/** @type {unknown} */ core) => imported('module.js', core),
  javaScript: (/** @type {unknown} */ core) => imported('fallback.js', core),
};
