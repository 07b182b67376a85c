// Compiles the module from its URL or its bytes; an error explains the cause and what to do.

/** @typedef {import('authress-login-wasm').WasmSource} WasmSource */
/** @typedef {{ source: any, address?: string, response?: Promise<Response> }} Prefetched */
/** @typedef {{ response: Response, isVerified: boolean }} Fetched a response, and whether its bytes are those of the build */

/** The first bytes of a module. */
const MAGIC_NUMBER = [0, 97, 115, 109];
/** The delay before a failed request is repeated, and the time in which a policy violation is reported, in milliseconds. */
const RETRY_MS = 300;
/** How much of the end of an address a message shows. */
const LONGEST_ADDRESS = 150;

const DIST = "Serve all files of the package's dist, or import authress-login-wasm/inline.";
const RELOAD = `Reload the page: the site may have a new version. ${DIST}`;
const SAME_BUILD = 'Reload the page; otherwise serve all files unchanged and from one version of the package.';
const VITE = 'In Vite add authress-login-wasm to optimizeDeps.exclude.';

/** Addresses that have failed before: the next request bypasses the cache. */
const failed = new Set();

/**
 * An address as messages show it: without the query, which may be secret, and no data: URL, which is the whole file.
 * @param {string} address
 */
function shown(address) {
  if (/^(data|blob):/.test(address)) return `the ${address.slice(0, 4)}: URL of the module`;
  const path = address.replace(/[?#][\s\S]*/, '');
  return path.length > LONGEST_ADDRESS ? `…${path.slice(-LONGEST_ADDRESS)}` : path;
}

/** @type {(address: string, isLate: boolean) => string} */
const advice = (address, isLate) => (/\/\.vite\//.test(address) ? VITE : isLate ? RELOAD : DIST);

/** @param {BufferSource} bytes */
const hasMagicNumber = (bytes) => {
  const { buffer = bytes, byteOffset = 0 } = /** @type {Partial<ArrayBufferView>} */ (bytes);
  const start = new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, Math.min(bytes.byteLength, 4));
  return start.length === 4 && start.every((byte, index) => byte === MAGIC_NUMBER[index]);
};

/**
 * @param {BufferSource} bytes
 * @param {string} what the bytes are
 * @param {string} todo if they are no module
 */
async function compileBytes(bytes, what, todo) {
  if (!hasMagicNumber(bytes)) throw new TypeError(`${what}, which is no WebAssembly module. ${todo}`);
  return WebAssembly.compile(bytes);
}

/**
 * @param {Response} response
 * @param {string} what the response is
 * @param {string} todo if it is no module
 * @param {boolean} isTyped whether it has the content type of a module
 */
async function compileResponse(response, what, todo, isTyped) {
  const wasRead = response.bodyUsed;
  if (isTyped && WebAssembly.compileStreaming) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      // A page's own fetch may return an object that only looks like a response: then its bytes are compiled.
      if (cause instanceof WebAssembly.CompileError) throw cause;
    }
  }
  let bytes;
  try {
    bytes = await response.arrayBuffer();
  } catch (cause) {
    if (!wasRead) throw networkFailure(what, cause);
    throw new TypeError(`${what}, but another script has read it first. Give initWasm() the bytes.`, { cause });
  }
  return compileBytes(bytes, what, todo);
}

/**
 * Compiles a response that was fetched without its hash, after requests with it had failed.
 * @param {Response} response
 * @param {string | undefined} integrity the hash of the file
 * @param {string} what the response is
 * @param {string} todo if it is no module
 * @param {boolean} isTyped whether it has the content type of a module
 */
async function compileUnverified(response, integrity, what, todo, isTyped) {
  const bytes = await response.arrayBuffer();
  // Outside of a secure context there is no digest. The file can be fetched, so its hash is what differs.
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', bytes);
  const isSame = digest && integrity === `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
  if (isSame || !(isTyped || hasMagicNumber(bytes))) return compileBytes(bytes, what, todo);
  throw new TypeError(
    `${what}, but its bytes are not those of this script's build (integrity): changed, cut off, of another build, or compressed without Content-Encoding. ${SAME_BUILD}`,
  );
}

/** @type {(what: string, cause: unknown) => TypeError & { isNetworkFailure: true }} */
const networkFailure = (what, cause) =>
  Object.assign(new TypeError(`${what}. Check the connection and try again.`, { cause }), {
    isNetworkFailure: /** @type {const} */ (true),
  });

const retryDelay = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS));

/**
 * The response of an address. A request that fails is sent again once, and then explained. Browsers report bytes with another
 * hash as they report a network failure; a request without the hash tells them apart.
 * @param {string} address
 * @param {Promise<Response> | undefined} first the response to the first request, if it has been sent
 * @param {string | undefined} integrity the hash of the file
 * @returns {Promise<Fetched>}
 */
async function request(address, first, integrity) {
  /** @type {(options: RequestInit, isVerified?: boolean) => Promise<Fetched>} */
  const send = async (options, isVerified = true) => ({ response: await fetch(address, options), isVerified });
  let isForbidden = false;
  /** @param {SecurityPolicyViolationEvent} event */
  const onViolation = ({ blockedURI, disposition }) => {
    if (blockedURI && disposition !== 'report' && address.startsWith(blockedURI)) isForbidden = true;
  };
  document.addEventListener('securitypolicyviolation', onViolation);
  try {
    if (first) return { response: await first, isVerified: true };
    return await send({ integrity, cache: failed.has(address) ? 'reload' : 'default' });
  } catch (cause) {
    const { origin, protocol } = new URL(address);
    const what = `${shown(address)} could not be fetched`;
    if (protocol === 'file:')
      throw new TypeError(
        `${what}, as no file can. Import authress-login-wasm/inline, in unit tests authress-login-wasm/testing.`,
        { cause },
      );
    await retryDelay();
    const isHere = origin === location.origin;
    const source = /^(data|blob):/.test(protocol) ? protocol : isHere ? "'self'" : origin;
    try {
      return await send({ integrity, cache: 'reload' });
    } catch {}
    try {
      if (integrity) return await send({ cache: 'reload' }, false);
    } catch {}
    if (first) await retryDelay(); // Only the second request was listened to.
    if (isForbidden)
      throw new TypeError(`${what}: the page's Content-Security-Policy forbids it. Add ${source} to connect-src.`, {
        cause,
      });
    // A response without CORS only shows that there is a server.
    if (
      !isHere &&
      (await fetch(address, { mode: 'no-cors' }).then(
        () => true,
        () => false,
      ))
    ) {
      throw new TypeError(
        `${what}: ${origin} does not let this page read it. Send Access-Control-Allow-Origin with it.`,
        { cause },
      );
    }
    throw networkFailure(what, cause);
  } finally {
    document.removeEventListener('securitypolicyviolation', onViolation);
  }
}

/**
 * @param {string} address
 * @param {boolean} isLate
 * @param {Promise<Response> | undefined} first
 * @param {string | undefined} integrity
 */
async function compileAt(address, isLate, first, integrity) {
  const { response, isVerified } = await request(address, first, integrity);
  const type = response.headers.get('content-type') ?? 'no type';
  const what = `${shown(address)} returned status ${response.status} and ${type}`;
  const todo = advice(address, isLate);
  if (!response.ok) throw new TypeError(`${what}. ${todo}`);
  // Types are case-insensitive: RFC 9110 section 8.3.1.
  const isTyped = /^application\/wasm\s*(;|$)/i.test(type);
  try {
    const module = await (isVerified
      ? compileResponse(response, what, todo, isTyped)
      : compileUnverified(response, integrity, what, todo, isTyped));
    if (!isTyped) console.warn(`${what}. Serve it as application/wasm: it is compiled while it arrives then.`);
    return module;
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new TypeError(`${what}, but is cut off or changed. Serve the file as it is, with its Content-Encoding.`, {
      cause,
    });
  }
}

/**
 * @param {WasmSource | PromiseLike<WasmSource>} source
 * @param {boolean} [isLate] whether it is needed long after the page was loaded
 * @param {Prefetched} [prefetched] a request that has been sent
 * @param {string} [integrity] the hash of the file, for `fetch`
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(source, isLate = false, prefetched, integrity) {
  const it = await source;
  // By their tags: in a test environment they may come from another realm, with other classes.
  const tag = Object.prototype.toString.call(it);
  if (tag === '[object WebAssembly.Module]') return /** @type {WebAssembly.Module} */ (it);
  if (tag === '[object ArrayBuffer]' || ArrayBuffer.isView(it))
    return compileBytes(/** @type {BufferSource} */ (it), 'initWasm() got bytes', DIST);
  const address = new URL(/** @type {string | URL} */ (it), document.baseURI).href;
  try {
    const first = prefetched?.address === address ? prefetched.response : undefined;
    return await compileAt(address, isLate, first, integrity);
  } catch (cause) {
    failed.add(address);
    throw cause;
  }
}
