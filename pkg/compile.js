// From whatever names or holds the module's bytes to a compiled module.

/** The shortest module there is: a magic number and a version. */
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Whether this page may use WebAssembly. Whether it is forbidden only shows when it is tried. */
export function isAllowed() {
  try {
    return Boolean(new WebAssembly.Module(EMPTY));
  } catch {
    return false;
  }
}

async function compileBytes(bytes, whatTheyAre) {
  const start = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, Math.min(bytes.byteLength, 4));
  if (start.length < 4 || start.some((byte, index) => byte !== EMPTY[index])) {
    throw new TypeError(`${whatTheyAre}, which is no WebAssembly module`);
  }
  return WebAssembly.compile(bytes);
}

async function compileAt(url) {
  const response = await fetch(url).catch((cause) => {
    throw Object.assign(new TypeError(`${url} could not be fetched`, { cause }), { isUnanswered: true });
  });
  const type = response.headers.get('content-type') ?? 'no type';
  const answer = `${url} answered with status ${response.status} and ${type}`;
  if (!response.ok) throw new TypeError(answer);
  if (type.startsWith('application/wasm') && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  const module = await compileBytes(await response.arrayBuffer(), answer);
  console.warn(`${answer}. Serve it as application/wasm: it is compiled while it arrives then.`);
  return module;
}

/** @param source a URL, bytes, a compiled module, or a promise of one of these */
export async function compile(source) {
  const it = await source;
  if (it instanceof WebAssembly.Module) return it;
  if (it instanceof ArrayBuffer || ArrayBuffer.isView(it)) return compileBytes(it, 'initWasm() got bytes');
  return compileAt(it);
}
