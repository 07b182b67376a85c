import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, loadEnv } from 'vite';

export default defineConfig(({ mode }) => {
  const { AUTHRESS_API_URL } = loadEnv(mode, process.cwd(), 'AUTHRESS_');
  // SvelteKit adds the nonce or hash of its own inline script.
  const directives = {
    'default-src': ['self'],
    'script-src': ['self', 'wasm-unsafe-eval'],
    'connect-src': ['self', AUTHRESS_API_URL],
    'img-src': ['self', 'data:'],
    // SvelteKit's announcer of page changes, for screen readers, has a style attribute.
    'style-src-attr': ['unsafe-inline'],
    'base-uri': ['none'],
    'frame-ancestors': ['none'],
  };
  return { plugins: [sveltekit({ adapter: adapter(), csp: { directives } })] };
});
