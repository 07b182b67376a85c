// The pages of the site in the order of its navigation: the one list of what the site shows.
//
// A page is a Markdown file of the repository. Its address follows from its path (`addressOf`), its title is its heading;
// `label` is for the navigation where the heading is too long for it. `cargo xtask docs` fails when a page of this list is
// not there, and when there is a Markdown file in `searched` that stands neither here nor in `LEFT_OUT`.

/**
 * @typedef {object} SitePage
 * @property {string} source the file, from the repository's root
 * @property {string} [label]
 */

/**
 * @typedef {object} Section
 * @property {string} title
 * @property {SitePage[]} pages
 */

/** @type {(source: string, label?: string) => SitePage} */
const page = (source, label) => ({ source, label });

/** @type {Section[]} */
export const SECTIONS = [
  {
    title: 'Storefront in ten minutes',
    pages: [
      page('docs/storefront.md'),
      page('docs/set-up.md', 'Set up Authress'),
      page('pkg/README.md', 'The package'),
      page('docs/sandbox.md', 'Sandbox for development'),
      page('sandbox-pkg/README.md', 'The sandbox’s package'),
      page('examples/README.md', 'Examples'),
      page('docs/walk.md', 'Demo shop, step by step'),
      page('docs/comparison.md', 'Beside other libraries'),
    ],
  },
  {
    title: 'Frameworks',
    pages: [
      page('docs/frameworks.md', 'Overview'),
      page('docs/frameworks/script.md', 'Script element'),
      page('docs/frameworks/vite.md', 'Vite'),
      page('docs/frameworks/react.md', 'React'),
      page('docs/frameworks/react-router.md', 'React Router'),
      page('docs/frameworks/next.md', 'Next.js'),
      page('docs/frameworks/vue.md', 'Vue'),
      page('docs/frameworks/nuxt.md', 'Nuxt'),
      page('docs/frameworks/svelte.md', 'Svelte'),
      page('docs/frameworks/sveltekit.md', 'SvelteKit'),
      page('docs/frameworks/angular.md', 'Angular'),
      page('docs/bundlers.md', 'Bundlers'),
    ],
  },
  {
    title: 'Convert shoppers',
    pages: [
      page('docs/converting-shoppers.md'),
      page('docs/another-device.md', 'Cart on another device'),
      page('docs/existing-account.md', 'Existing accounts'),
      page('docs/merging-carts.md'),
      page('docs/anonymous-users.md'),
    ],
  },
  {
    title: 'Your shop’s API',
    pages: [
      page('docs/server.md', 'Verify shoppers in JavaScript'),
      page('crates/access-token/README.md', 'Verify shoppers in Rust'),
      page('crates/service-client/README.md', 'Management client'),
      page('crates/user-migration/README.md'),
    ],
  },
  {
    title: 'Verifier in production',
    pages: [
      page('docs/verifier-in-production.md'),
      page('docs/verifier.md', 'Operator’s manual'),
      page('docs/runbooks.md', 'Runbooks'),
      page('docs/capacity.md'),
      page('docs/benchmarks-verifier.md'),
      page('crates/verifier/README.md', 'Mount it into axum'),
    ],
  },
  {
    title: 'Security model',
    pages: [
      page('docs/security-model.md'),
      page('docs/threat-model.md'),
      page('docs/attacks.md'),
      page('SECURITY.md', 'Report a vulnerability'),
    ],
  },
  { title: 'Migration from @authress/login', pages: [page('docs/migration.md')] },
  {
    title: 'Troubleshooting',
    pages: [page('docs/troubleshooting.md', 'By symptom'), page('docs/errors.md', 'By error code')],
  },
  {
    title: 'How it works',
    pages: [
      page('docs/how-it-works.md'),
      page('docs/evidence.md', 'Evidence about Authress'),
      page('docs/size.md'),
      page('docs/benchmarks.md'),
    ],
  },
  // Here follows the reference, which is generated: see `config.mjs`.
  {
    title: 'For contributors',
    pages: [
      page('CONTRIBUTING.md'),
      page('README.md', 'The repository'),
      page('docs/architecture.md'),
      page('docs/decisions.md'),
      page('docs/decisions/client.md', 'Decisions: login client'),
      page('docs/decisions/package.md', 'Decisions: npm package'),
      page('docs/decisions/verifier.md', 'Decisions: verifier and APIs'),
      page('docs/decisions/build.md', 'Decisions: build'),
      page('docs/glossary.md'),
      page('tests/README.md'),
      page('docs/engines.md'),
      page('crates/sandbox/README.md', 'Sandbox and its dialects'),
      page('docs/contract.md'),
      page('docs/contract/default.md', 'Contract report: default'),
      page('docs/contract/strict.md', 'Contract report: strict'),
      page('RELEASING.md'),
      page('CODE_OF_CONDUCT.md'),
    ],
  },
];

/** The page of what has changed, which stands beside the generated reference. */
export const CHANGELOG = page('CHANGELOG.md');

/** Markdown files that have no page: they are read beside the code that they describe. */
export const LEFT_OUT = new Set([
  'crates/access-key/README.md',
  'crates/client-address/README.md',
  'crates/dev-server/README.md',
  'crates/jws/README.md',
  'crates/protocol/README.md',
  'crates/redis/README.md',
  'crates/secret/README.md',
  'crates/sha256/README.md',
  'crates/single-use/README.md',
]);

/** The files of which each has to be in the navigation or left out. */
export const searched = (/** @type {string} */ file) =>
  /^[^/]+\.md$|^docs\/.*\.md$|^(pkg|sandbox-pkg|examples|tests|crates\/[^/]+)\/README\.md$/.test(file);

/**
 * Where the site has the page of this source, from the site's root and without an ending: `docs/errors.md` is `errors`.
 * @param {string} source
 */
export function addressOf(source) {
  if (source === 'README.md') return 'repository';
  if (source === 'pkg/README.md') return 'package';
  if (source === 'sandbox-pkg/README.md') return 'sandbox-package';
  return source
    .replace(/\.md$/, '')
    .replace(/^docs\//, '')
    .replace(/\/README$/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

/** All pages of the navigation, in its order. */
export const allPages = () => [...SECTIONS.flatMap(({ pages }) => pages), CHANGELOG];
