export default {
  compatibilityDate: '2026-01-01',
  devtools: { enabled: false },
  telemetry: false,
  hooks: {
    // As the README says: without it the form for browsers without WebAssembly is prefetched by every browser.
    'build:manifest'(files) {
      for (const name in files) if (name.includes('authress-login-wasm/dist/fallback')) files[name].prefetch = false;
    },
  },
};
