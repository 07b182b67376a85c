export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  app: {
    head: {
      title: 'A cart before the sign-in',
      htmlAttrs: { lang: 'en' },
      link: [{ rel: 'icon', href: 'data:,' }],
    },
  },
  css: ['~/assets/shop.css'],
  // Their values come from the environment when the server starts: NUXT_PUBLIC_AUTHRESS_API_URL, …
  runtimeConfig: { public: { authressApiUrl: '', applicationId: '', anonymousConnectionId: '' } },
  hooks: {
    // Only browsers without WebAssembly need this file, so no other one prefetches its 450 kB.
    'build:manifest'(files) {
      for (const name in files) if (name.includes('authress-login-wasm/dist/fallback')) files[name].prefetch = false;
    },
  },
});
