// What is the matter with the browser or the page, for all stories of a process.

export const conditions = {
  /**
   * `allowed`; `missing`, as in Lockdown Mode; `forbidden` by a strict Content-Security-Policy, which
   * then also asks for Trusted Types.
   */
  webAssembly: 'allowed',
};

/** Makes the shop's pages forbid what the conditions say, also those that a redirect leads to. */
export async function applyPolicy(page, stack) {
  if (conditions.webAssembly !== 'forbidden') return;
  const session = await page.context().newCDPSession(page);
  const answer = async ({ requestId, responseStatusCode: responseCode, responseHeaders }) => {
    if (responseCode >= 300 && responseCode < 400) return session.send('Fetch.continueRequest', { requestId });
    const { body, base64Encoded } = await session.send('Fetch.getResponseBody', { requestId });
    const headers = responseHeaders.map(({ name, value }) => (name.toLowerCase() !== 'content-security-policy' ? { name, value } : {
      name, value: `${value.replace(" 'wasm-unsafe-eval'", '')}; require-trusted-types-for 'script'; trusted-types 'none'`,
    }));
    const encoded = base64Encoded ? body : Buffer.from(body).toString('base64');
    return session.send('Fetch.fulfillRequest', { requestId, responseCode, responseHeaders: headers, body: encoded });
  };
  // A page that is being closed waits for nothing any more.
  session.on('Fetch.requestPaused', (event) => answer(event).catch(() => {}));
  const patterns = [{ urlPattern: `${stack.shopUrl}/*`, resourceType: 'Document', requestStage: 'Response' }];
  await session.send('Fetch.enable', { patterns });
  // An answer from here does not count as one from this machine, whose servers the page then may not ask.
  await page.context().grantPermissions(['local-network-access']);
}

/** Notes the form of the module that pages load, and what their policy did not allow. */
export class Witness {
  #files = [];
  #violations = new Set();

  async watch(context) {
    context.on('request', (request) => this.#files.push(new URL(request.url()).pathname.split('/').at(-1)));
    await context.exposeBinding('tellViolation', (_, directive) => { this.#violations.add(directive); });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        window.tellViolation(`${effectiveDirective} ${blockedURI}`));
    });
  }

  /** The form that fits the conditions, no other was downloaded, and nothing else was forbidden. */
  complaints() {
    const isAllowed = conditions.webAssembly === 'allowed';
    const [right, wrong] = isAllowed ? [/\.wasm$/, /^fallback\.js$/] : [/^fallback\.js$/, /\.wasm$/];
    const expected = conditions.webAssembly === 'forbidden' ? ['script-src wasm-eval'] : [];
    return [
      ...(this.#files.includes('index.js') && !this.#files.some((file) => right.test(file)) ? ['the module was not loaded'] : []),
      ...this.#files.filter((file) => wrong.test(file)).map((file) => `${file} was downloaded`),
      ...[...this.#violations].filter((directive) => !expected.includes(directive)),
    ];
  }
}
