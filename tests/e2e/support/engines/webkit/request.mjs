// What passes the gate, with the names that Playwright has for it.

export class Request {
  constructor(url, incoming, body) {
    this.address = url;
    this.rawMethod = incoming.method;
    this.rawHeaders = incoming.headers;
    this.body = body;
    /** The tab that it comes from, for requests that can tell: see `markTab`. */
    this.tab =
      url.pathname === '/app.js' ? (/-tab-=(\d+)/.exec(incoming.headers.cookie ?? '')?.[1] ?? 'no') : undefined;
  }

  url() {
    return this.address.href;
  }

  method() {
    return this.rawMethod;
  }

  headers() {
    return this.rawHeaders;
  }

  async allHeaders() {
    return this.rawHeaders;
  }

  postData() {
    return this.body.length > 0 ? this.body.toString() : null;
  }

  postDataJSON() {
    return JSON.parse(this.postData());
  }

  isNavigationRequest() {
    return this.rawHeaders['sec-fetch-mode'] === 'navigate' || /^text\/html/.test(this.rawHeaders.accept ?? '');
  }
}

export class Response {
  #request;

  constructor(request, { status, headers, body }) {
    this.#request = request;
    this.answer = { status, headers, body };
  }

  request() {
    return this.#request;
  }

  status() {
    return this.answer.status;
  }

  headers() {
    return this.answer.headers;
  }
}

/** A request that waits for what the test decides about it. */
export class Route {
  #request;
  #forward;
  #finish;
  #abort;

  constructor(request, { forward, finish, abort }) {
    this.#request = request;
    this.#forward = forward;
    this.#finish = finish;
    this.#abort = abort;
  }

  request() {
    return this.#request;
  }

  async fetch() {
    return new Response(this.#request, await this.#forward());
  }

  async continue() {
    await this.#finish(await this.#forward());
  }

  async fulfill({ response, status = 200, contentType, headers, json, body = '' }) {
    const type = contentType ?? (json === undefined ? undefined : 'application/json');
    const answer = response?.answer ?? {
      status,
      headers: {},
      body: Buffer.from(json === undefined ? body : JSON.stringify(json)),
    };
    await this.#finish({
      ...answer,
      headers: { ...(headers ?? answer.headers), ...(type && { 'content-type': type }) },
    });
  }

  async abort() {
    this.#abort();
  }
}

/** Whether an address fits a pattern in which `**` stands for anything and `*` for anything but a slash. */
export function matcher(pattern) {
  if (typeof pattern === 'function') return (url) => pattern(new URL(url));
  if (pattern instanceof RegExp) return (url) => pattern.test(url);
  const source = pattern
    .split('**')
    .map((part) => part.split('*').map(escapeRegExp).join('[^/]*'))
    .join('.*');
  const whole = new RegExp(`^${source}$`);
  return (url) => whole.test(url);
}

const escapeRegExp = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
