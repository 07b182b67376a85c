// Compiles the module from its URL or bytes, or throws an error that says why that failed and what to do.

/** The first bytes of a WebAssembly module. */
const MAGIC_NUMBER = [0, 97, 115, 109];
/** The delay before a failed request is repeated, and the time in which a policy violation is reported, in milliseconds. */
const RETRY_MS = 300;
/** The length of an address in a message; only its end is shown. */
const LONGEST_ADDRESS = 150;

const DIST = "Serve all files of the package's dist, or import authress-login-wasm/inline.";
const RELOAD = `Reload the page: the site may have a new version. ${DIST}`;
const VITE = 'In Vite add authress-login-wasm to optimizeDeps.exclude.';

/** Addresses that have failed before: the next request bypasses the cache. */
const failed = new Set();

/** An address for messages: without the query, which may be secret, and without the content of a data: URL. */
function shown(address) {
  if (/^(data|blob):/.test(address)) return `the ${address.slice(0, 4)}: URL of the module`;
  const path = address.replace(/[?#][\s\S]*/, '');
  return path.length > LONGEST_ADDRESS ? `…${path.slice(-LONGEST_ADDRESS)}` : path;
}

const advice = (address, isLate) => (/\/\.vite\//.test(address) ? VITE : isLate ? RELOAD : DIST);

const hasMagicNumber = (bytes) => {
  const start = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, Math.min(bytes.byteLength, 4));
  return start.length === 4 && start.every((byte, index) => byte === MAGIC_NUMBER[index]);
};

/** @param what describes the bytes in a message @param todo is the advice if they are not a module */
async function compileBytes(bytes, what, todo) {
  if (!hasMagicNumber(bytes)) throw new TypeError(`${what}, which is no WebAssembly module. ${todo}`);
  return WebAssembly.compile(bytes);
}

async function compileResponse(response, what, todo, isTyped) {
  const wasRead = response.bodyUsed;
  if (isTyped && WebAssembly.compileStreaming) {
    try {
      return await WebAssembly.compileStreaming(response);
    } catch (cause) {
      // A page's own fetch may return something that is not a Response; its bytes are enough.
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

const networkFailure = (what, cause) =>
  Object.assign(new TypeError(`${what}. Check the connection and try again.`, { cause }), { isNetworkFailure: true });

const retryDelay = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS));

/** Requests an address. A failed request is repeated once, then explained. `first` is the response of a request that is already
 * under way. */
async function request(address, first) {
  let isForbidden = false;
  const onViolation = ({ blockedURI, disposition }) => {
    if (blockedURI && disposition !== 'report' && address.startsWith(blockedURI)) isForbidden = true;
  };
  document.addEventListener('securitypolicyviolation', onViolation);
  try {
    return await (first ?? fetch(address, failed.has(address) ? { cache: 'reload' } : {}));
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
      return await fetch(address, { cache: 'reload' });
    } catch {}
    if (first) await retryDelay(); // Only the second request was listened to.
    if (isForbidden)
      throw new TypeError(`${what}: the page's Content-Security-Policy forbids it. Add ${source} to connect-src.`, {
        cause,
      });
    // Without CORS the response only shows that there is a server.
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

async function compileAt(address, isLate, first) {
  const response = await request(address, first);
  const type = response.headers.get('content-type') ?? 'no type';
  const what = `${shown(address)} answered with status ${response.status} and ${type}`;
  const todo = advice(address, isLate);
  if (!response.ok) throw new TypeError(`${what}. ${todo}`);
  // Types are case-insensitive: RFC 9110 section 8.3.1.
  const isTyped = /^application\/wasm\s*(;|$)/i.test(type);
  try {
    const module = await compileResponse(response, what, todo, isTyped);
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
 * @param source a URL, bytes, a compiled module, or a promise of one of these
 * @param isLate whether it may be needed long after the page was loaded
 * @param prefetched a request that is under way: `{address, response}`
 */
export async function compile(source, isLate, prefetched) {
  const it = await source;
  // By their tags: in a test environment they may come from another realm, with other classes.
  const tag = Object.prototype.toString.call(it);
  if (tag === '[object WebAssembly.Module]') return it;
  if (tag === '[object ArrayBuffer]' || ArrayBuffer.isView(it)) return compileBytes(it, 'initWasm() got bytes', DIST);
  const address = new URL(it, document.baseURI).href;
  try {
    return await compileAt(address, isLate, prefetched?.address === address ? prefetched.response : undefined);
  } catch (cause) {
    failed.add(address);
    throw cause;
  }
}
