// Scripts that run in a document before its own ones, and what they tell the gate.

import { createHash } from 'node:crypto';

/** A document with scripts at its beginning, which its policy allows and no others. */
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
      ...(policy && { 'content-security-policy': allow(allow(policy, 'script-src', hash), 'connect-src', "'self'") }),
    },
    body: Buffer.from(body.toString().replace(/^(\s*<!doctype[^>]*>)?/i, `$&<script>${script}</script>`)),
  };
}

function allow(policy, directive, source) {
  const own = new RegExp(`(^|;\\s*)(${directive})( 'none')?`);
  return own.test(policy) ? policy.replace(own, `$1$2 ${source}`) : `${policy}; ${directive} ${source}`;
}

/** Tells the console's words and the errors that nobody catches. Runs in pages. */
export function listen(ear) {
  const tell = (message) => navigator.sendBeacon(ear, JSON.stringify(message));
  Object.defineProperty(window, '-tell-', { value: tell });
  const words = (value) =>
    typeof value === 'string' ? value : value instanceof Error ? `${value}\n${value.stack}` : JSON.stringify(value);
  for (const level of ['debug', 'log', 'info', 'warn', 'error', 'trace']) {
    const write = console[level];
    console[level] = (...values) => {
      tell({ console: values.map(words).join(' ') });
      write.apply(console, values);
    };
  }
  // Whoever handles an error says so after this listener, and after the microtasks that follow it.
  const { setTimeout } = window;
  const whenUnhandled = (event, error) => setTimeout(() => event.defaultPrevented || tell({ uncaught: String(error) }));
  addEventListener(
    'error',
    (event) => event instanceof ErrorEvent && whenUnhandled(event, event.error ?? event.message),
  );
  addEventListener('unhandledrejection', (event) => whenUnhandled(event, event.reason));
}

/** A function of the page that calls one of the test. Runs in pages. */
export function bind(name) {
  window[name] = (...values) => {
    window['-tell-']({ binding: name, values });
  };
}

/**
 * Says which tab asks for the page's main script, by a cookie for nothing but that: it is the only script
 * that tests replace in one tab and not in another. Runs in pages.
 */
export function markTab() {
  const tab = sessionStorage.getItem('-tab-');
  document.cookie = `-tab-=${tab}; path=/app.js${tab ? '' : '; max-age=0'}`;
}
