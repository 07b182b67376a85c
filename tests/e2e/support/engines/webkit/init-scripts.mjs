// Scripts that run in a document before its own ones, and report to the interceptor.

import { createHash } from 'node:crypto';

/** @typedef {{ headers: import('node:http').OutgoingHttpHeaders, body: Buffer }} Page */

/**
 * Adds scripts to the beginning of a document, and allows them in its policy.
 * @param {readonly (string | (() => string))[]} scripts
 * @param {Page} page
 * @returns {Page}
 */
export function withScripts(scripts, { headers, body }) {
  const texts = scripts.map((it) => (typeof it === 'function' ? it() : it));
  const script = texts
    .map((text) => `try { ${text} } catch (error) { console.error(error); }`)
    .join('\n')
    .replaceAll('</script', '<\\/script');
  const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  const policy = headers['content-security-policy'];
  return {
    headers: {
      ...headers,
      ...(policy && {
        'content-security-policy': allow(allow(String(policy), 'script-src', hash), 'connect-src', "'self'"),
      }),
    },
    body: Buffer.from(body.toString().replace(/^(\s*<!doctype[^>]*>)?/i, `$&<script>${script}</script>`)),
  };
}

/**
 * @param {string} policy
 * @param {string} directive
 * @param {string} source
 */
function allow(policy, directive, source) {
  const own = new RegExp(`(^|;\\s*)(${directive})( 'none')?`);
  return own.test(policy) ? policy.replace(own, `$1$2 ${source}`) : `${policy}; ${directive} ${source}`;
}

/**
 * Reports console messages and uncaught errors. Runs in pages.
 * @param {string} reportPath
 */
export function reportMessages(reportPath) {
  /** @type {(message: object) => boolean} */
  const report = (message) => navigator.sendBeacon(reportPath, JSON.stringify(message));
  Object.defineProperty(window, '-report-', { value: report });
  /** @type {(value: unknown) => string} */
  const textOf = (value) =>
    typeof value === 'string' ? value : value instanceof Error ? `${value}\n${value.stack}` : JSON.stringify(value);
  for (const level of /** @type {const} */ (['debug', 'log', 'info', 'warn', 'error', 'trace'])) {
    const write = console[level];
    console[level] = (...values) => {
      report({ console: values.map(textOf).join(' ') });
      write.apply(console, values);
    };
  }
  // A handler of the page runs after this one, and may prevent the default then or in a microtask.
  const { setTimeout } = window;
  /** @type {(event: Event, error: unknown) => unknown} */
  const whenUnhandled = (event, error) =>
    setTimeout(() => event.defaultPrevented || report({ uncaught: String(error) }));
  addEventListener(
    'error',
    (event) => event instanceof ErrorEvent && whenUnhandled(event, event.error ?? event.message),
  );
  addEventListener('unhandledrejection', (event) => whenUnhandled(event, event.reason));
}

/**
 * Adds a function to the page that calls one of the test. Runs in pages.
 * @param {string} name
 */
export function bind(name) {
  window[name] = (/** @type {unknown[]} */ ...values) => {
    window['-report-']({ binding: name, values });
  };
}

/**
 * Shows which tab requests the page's main script, by a cookie that is sent with no other request: it is the only script
 * that tests replace in one tab and not in another. Runs in pages.
 */
export function markTab() {
  const tab = sessionStorage.getItem('-tab-');
  document.cookie = `-tab-=${tab}; path=/app.js${tab ? '' : '; max-age=0'}`;
}
