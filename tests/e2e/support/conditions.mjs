// What is the matter with the browser or the page, for all stories of a process.

export const conditions = {
  /**
   * `allowed`; `missing`, as in Lockdown Mode; `forbidden` by a strict Content-Security-Policy, which
   * then also asks for Trusted Types.
   */
  webAssembly: 'allowed',
};

/** The policy of a shop's page as the conditions have it. */
export const strictPolicy = (policy) =>
  `${policy.replace(" 'wasm-unsafe-eval'", '')}; require-trusted-types-for 'script'; trusted-types 'none'`;

/** Notes the form of the module that pages load, and what their policy did not allow. */
export class Witness {
  #files = [];
  #violations = new Set();

  async watch(context) {
    context.on('request', (request) => this.#files.push(new URL(request.url()).pathname.split('/').at(-1)));
    await context.exposeBinding('tellViolation', (_, directive) => {
      this.#violations.add(directive);
    });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        window.tellViolation(`${effectiveDirective} ${blockedURI}`),
      );
    });
  }

  /** The form that fits the conditions, no other was downloaded, and nothing else was forbidden. */
  complaints() {
    const isAllowed = conditions.webAssembly === 'allowed';
    const [right, wrong] = isAllowed ? [/\.wasm$/, /^fallback\.js$/] : [/^fallback\.js$/, /\.wasm$/];
    const expected = conditions.webAssembly === 'forbidden' ? ['script-src wasm-eval'] : [];
    // Some browsers ask for a picture of each page by themselves, and then forbid it to themselves.
    const isPicture = (directive) => /^img-src .*\/favicon\.ico$/.test(directive);
    return [
      ...(this.#files.includes('module.js') && !this.#files.some((file) => right.test(file))
        ? ['the module was not loaded']
        : []),
      ...this.#files.filter((file) => wrong.test(file)).map((file) => `${file} was downloaded`),
      ...[...this.#violations].filter((directive) => !expected.includes(directive) && !isPicture(directive)),
    ];
  }
}
