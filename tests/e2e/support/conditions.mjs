// How WebAssembly is restricted in the browser or on the page, for all stories of a process.

/** @type {{ webAssembly: 'allowed' | 'missing' | 'forbidden' }} */
export const conditions = {
  /**
   * `missing`, as in Lockdown Mode; `forbidden` by a strict Content-Security-Policy, which then also requires Trusted
   * Types.
   */
  webAssembly: 'allowed',
};

/**
 * The policy of the shop's page without WebAssembly and with Trusted Types.
 * @param {string} policy
 */
export const strictPolicy = (policy) =>
  `${policy.replace(" 'wasm-unsafe-eval'", '')}; require-trusted-types-for 'script'; trusted-types 'none'`;

/** Records which form of the module pages load, and what their policy forbids. */
export class LoadMonitor {
  /** @type {string[]} */
  #files = [];
  /** @type {Set<string>} */
  #violations = new Set();

  /** @param {import('playwright-core').BrowserContext} context */
  async observe(context) {
    context.on('request', (request) => this.#files.push(fileOf(request.url())));
    await context.exposeBinding('reportViolation', (_, violation) => {
      this.#violations.add(violation);
    });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        window.reportViolation(`${effectiveDirective} ${blockedURI}`),
      );
    });
  }

  /** What went wrong: another form of the module than the conditions allow, or a violation of the policy. */
  problems() {
    const isAllowed = conditions.webAssembly === 'allowed';
    const [right, wrong] = isAllowed ? [/\.wasm$/, /^fallback\.js$/] : [/^fallback\.js$/, /\.wasm$/];
    const expected = conditions.webAssembly === 'forbidden' ? ['script-src wasm-eval'] : [];
    // Some browsers request a favicon by themselves, and then forbid it to themselves.
    /** @type {(violation: string) => boolean} */
    const isFavicon = (violation) => /^img-src .*\/favicon\.ico$/.test(violation);
    return [
      ...(this.#files.includes('module.js') && !this.#files.some((file) => right.test(file))
        ? ['the module was not loaded']
        : []),
      ...this.#files.filter((file) => wrong.test(file)).map((file) => `${file} was downloaded`),
      ...[...this.#violations].filter((violation) => !expected.includes(violation) && !isFavicon(violation)),
    ];
  }
}

/**
 * The name of the file that a URL ends with.
 * @param {string} url
 */
const fileOf = (url) => new URL(url).pathname.split('/').at(-1) ?? '';
