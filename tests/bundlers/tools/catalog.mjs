// The tools that newcomers build with. Each has a folder here: `package.json` pins the tool, the rest is the smallest
// application of the tool's own documentation. The runner adds the packed package and the README's first example.

/**
 * A command for a port.
 * @typedef {(port: number) => { words: string[], env: Record<string, string> }} ServerCommand
 */

/**
 * @typedef {object} Tool
 * @property {string} name the folder with `package.json`
 * @property {string} title
 * @property {string} package the npm package whose version is shown
 * @property {string} [app] the folder with the application, if it is another one
 * @property {string} snippet the file of the first example
 * @property {string} [entry] the entry of the package that the README names for this tool
 * @property {boolean} [scripts] whether its packages need their install scripts
 * @property {string[]} [build] the command that makes `files`, or what `server` serves
 * @property {string} [files] the folder of a static site
 * @property {ServerCommand} [server]
 * @property {ServerCommand} [dev] the development server
 * @property {string[]} [check] the command that runs its tests
 * @property {boolean} [rendersOnServer] whether the server renders the page
 * @property {boolean} [isPrerendered] whether the build renders the page
 * @property {boolean} [verifiesTokens] whether its check verifies tokens as a shop's server does, with `issuer.mjs`
 * @property {string} [binding] the binding to a framework, or the recipe in its place: the page also shows the status of the
 * session, and has buttons for `signInAnonymously` and, while the shopper is anonymous, for `signOut`
 * @property {{ page: string, heading?: string }} [examples] the page of the documentation with more files of the application
 * @property {boolean} [countsSubscriptions] whether the page counts its subscriptions and can destroy the application
 * @property {boolean} [needsReload] whether the development server's first page after an installation may fail
 */

/** @type {(line: string) => string[]} */
const words = (line) => line.split(' ');
/**
 * A server that gets its address on the command line; `{port}` stands for the port.
 * @type {(line: string, env?: Record<string, string>) => ServerCommand}
 */
const listens =
  (line, env = {}) =>
  (port) => ({ words: words(line.replace('{port}', String(port))), env });
/**
 * A server that reads its address from the environment.
 * @type {(line: string) => ServerCommand}
 */
const reads = (line) => (port) => ({
  words: words(line),
  env: { HOST: '127.0.0.1', PORT: String(port), ORIGIN: `http://127.0.0.1:${port}` },
});

const vite = {
  package: 'vite',
  app: 'vite-5',
  snippet: 'login.js',
  build: words('vite build'),
  files: 'dist',
  dev: listens('vite --host 127.0.0.1 --port {port} --strictPort'),
};
const reactRouter = {
  package: '@react-router/dev',
  app: 'react-router-7',
  snippet: 'app/login.js',
  binding: 'react',
  build: words('react-router build'),
  server: reads('react-router-serve build/server/index.js'),
  dev: listens('react-router dev --host 127.0.0.1 --port {port} --strictPort'),
  rendersOnServer: true,
  // The development server bundles the application's packages while it serves the first page, which then requests files
  // that do not exist any more.
  needsReload: true,
};

/** @type {readonly Tool[]} */
export const TOOLS = [
  { name: 'vite-5', title: 'Vite', ...vite },
  { name: 'vite-6', title: 'Vite', ...vite },
  { name: 'vite-7', title: 'Vite', ...vite },
  {
    name: 'sveltekit',
    title: 'SvelteKit',
    package: '@sveltejs/kit',
    snippet: 'src/lib/login.js',
    binding: 'svelte',
    build: words('vite build'),
    server: reads('node build/index.js'),
    dev: listens('vite --host 127.0.0.1 --port {port} --strictPort'),
    rendersOnServer: true,
  },
  {
    name: 'nuxt',
    title: 'Nuxt',
    package: 'nuxt',
    snippet: 'app/login.js',
    binding: 'vue',
    build: words('nuxt build'),
    server: reads('node .output/server/index.mjs'),
    dev: listens('nuxt dev --host 127.0.0.1 --port {port} --no-fork'),
    rendersOnServer: true,
  },
  {
    name: 'astro',
    title: 'Astro with a React island',
    package: 'astro',
    snippet: 'src/login.js',
    binding: 'react',
    build: words('astro build'),
    files: 'dist',
    isPrerendered: true,
    dev: listens('astro dev --host 127.0.0.1 --port {port}'),
    rendersOnServer: true,
  },
  {
    name: 'next',
    title: 'Next.js, App Router',
    package: 'next',
    snippet: 'app/login.js',
    binding: 'react',
    build: words('next build'),
    server: listens('next start -H 127.0.0.1 -p {port}'),
    rendersOnServer: true,
    dev: listens('next dev -H 127.0.0.1 -p {port}'),
  },
  { name: 'react-router-7', title: 'React Router, Vite 6', ...reactRouter },
  { name: 'react-router-8', title: 'React Router, Vite 8', ...reactRouter },
  {
    name: 'angular',
    title: 'Angular',
    package: '@angular/build',
    snippet: 'src/login.js',
    binding: 'angular',
    examples: { page: 'docs/frameworks/angular.md' },
    countsSubscriptions: true,
    build: words('ng build'),
    server: reads('node dist/server/server.mjs'),
    rendersOnServer: true,
    dev: listens('ng serve --host 127.0.0.1 --port {port}'),
  },
  {
    name: 'rsbuild',
    title: 'Rsbuild',
    package: '@rsbuild/core',
    snippet: 'src/login.js',
    build: words('rsbuild build'),
    files: 'dist',
    dev: listens('rsbuild dev --host 127.0.0.1 --port {port}'),
  },
  {
    name: 'parcel',
    title: 'Parcel',
    package: 'parcel',
    snippet: 'login.js',
    build: words('parcel build index.html --no-cache --dist-dir dist'),
    files: 'dist',
    dev: listens('parcel serve index.html --no-cache --no-hmr --dist-dir dev --host 127.0.0.1 --port {port}'),
  },
  {
    // Bun copies no files. Its install script puts the program, which another package brings, where it is run from.
    name: 'bun',
    title: 'Bun',
    package: 'bun',
    snippet: 'login.js',
    entry: '/inline',
    scripts: true,
    build: words('bun build index.html --outdir dist --production --splitting'),
    files: 'dist',
    check: words('bun server.js'),
    verifiesTokens: true,
  },
  { name: 'jest', title: 'Jest, jsdom', package: 'jest', snippet: 'login.js', check: words('jest') },
  {
    name: 'vitest',
    title: 'Vitest; node, jsdom, happy-dom',
    package: 'vitest',
    snippet: 'login.js',
    examples: { page: 'docs/comparison.md' },
    check: words('vitest run'),
  },
  {
    name: 'workerd',
    title: 'workerd (miniflare)',
    package: 'miniflare',
    snippet: 'login.js',
    check: words('node main.mjs'),
    verifiesTokens: true,
  },
];

/**
 * The tools that `cargo xtask test` runs: one for each kind of problem, in about two minutes. `server-examples.test.mjs` has
 * frameworks with server rendering; of these, SvelteKit is here with its development server.
 */
export const SHORT_LIST = ['vite-5', 'sveltekit', 'parcel', 'jest', 'vitest', 'workerd'];
